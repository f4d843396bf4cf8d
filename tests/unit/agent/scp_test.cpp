// SPDX-License-Identifier: Apache-2.0
// What scp is made of: wildcards, records and lines of ls.
#include "agent/long_name.hpp"
#include "agent/scp_record.hpp"
#include "agent/wildcards.hpp"
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace fairlead::agent {
namespace {

using testing::ElementsAre;

TEST(Wildcards, MatchAsInAShell) {
  EXPECT_TRUE(matches_wildcards("*.txt", "a.txt"));
  EXPECT_TRUE(matches_wildcards("*", "x"));
  EXPECT_TRUE(matches_wildcards("a*b*c", "aXbYbZc"));
  EXPECT_FALSE(matches_wildcards("a*b*c", "aXbYbZ"));
  EXPECT_TRUE(matches_wildcards("?[a-c]!", "xb!"));
  EXPECT_FALSE(matches_wildcards("?[!a-c]!", "xb!"));
  EXPECT_TRUE(matches_wildcards("[]x]", "]"));
  EXPECT_TRUE(matches_wildcards("[a", "[a"));
  EXPECT_TRUE(matches_wildcards("[a-]", "-"));
  EXPECT_TRUE(matches_wildcards("", ""));
  EXPECT_FALSE(matches_wildcards("", "a"));
  EXPECT_FALSE(matches_wildcards("*", ".hidden"));
  EXPECT_TRUE(matches_wildcards(".*", ".hidden"));
}

// Exponential matchers are an old way to burn somebody's processor.
TEST(Wildcards, ManyStarsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "*a";
  EXPECT_FALSE(matches_wildcards(pattern + "b", std::string(255, 'a')));
}

TEST(Wildcards, ExpandOverDirectories) {
  const test::TemporaryDirectory top;
  for (const auto* name : {"a", "b"}) {
    std::filesystem::create_directory(top / name);
    std::ofstream(top / (std::string(name) + "/f.txt"));
    std::ofstream(top / (std::string(name) + "/.dot"));
  }
  std::ofstream(top / "a[1]");
  const auto all = [&](const std::string& pattern) { return expand_wildcards(top / pattern); };
  EXPECT_THAT(all("*/f*"), ElementsAre(top / "a/f.txt", top / "b/f.txt"));
  EXPECT_THAT(all("[b-z]/*"), ElementsAre(top / "b/f.txt"));
  EXPECT_THAT(all("?/"), ElementsAre(top / "a/", top / "b/"));
  EXPECT_THAT(all("none*"), ElementsAre(top / "none*"));
  EXPECT_THAT(all("a[1]"), ElementsAre(top / "a[1]"));  // there is a file of this name
  EXPECT_THAT(all("plain"), ElementsAre(top / "plain"));
}

TEST(ScpRecord, FilesAndDirectories) {
  const auto file = scp::parse_file_record("C0644 12 a name");
  ASSERT_TRUE(file);
  EXPECT_FALSE(file->directory);
  EXPECT_EQ(file->mode, 0644u);
  EXPECT_EQ(file->size, 12u);
  EXPECT_EQ(file->name, "a name");
  EXPECT_EQ(scp::format(*file), "C0644 12 a name\n");
  EXPECT_TRUE(scp::parse_file_record("D4755 0 ...")->directory);
}

TEST(ScpRecord, WhatIsNotARecordIsRefused) {
  for (const std::string_view line : {"",
                                      "C",
                                      "C0644",
                                      "C0644 12",
                                      "C0644 12 ",
                                      "C0844 1 x",
                                      "C644 1 x",
                                      "C06440 1 x",
                                      "C0644 -1 x",
                                      "C0644 9223372036854775808 x",
                                      "C0644 99999999999999999999 x",
                                      "C0644 1x y",
                                      "E0644 1 x",
                                      "C0644 1 .",
                                      "C0644 1 ..",
                                      "C0644 1 a/b",
                                      "C0644 1 /",
                                      "C0644 1 ../x",
                                      "C-644 1 x",
                                      "C 644 1 x"})
    EXPECT_FALSE(scp::parse_file_record(line)) << line;
  EXPECT_FALSE(scp::parse_file_record(std::string_view("C0644 1 a\0b", 11)));
}

TEST(ScpRecord, Times) {
  const auto times = scp::parse_times_record("T1700000000 0 1600000000 0");
  ASSERT_TRUE(times);
  EXPECT_EQ(times->modification, 1'700'000'000);
  EXPECT_EQ(times->access, 1'600'000'000);
  EXPECT_EQ(scp::format(*times), "T1700000000 0 1600000000 0\n");
  for (const auto* line : {"T", "T1", "T1 0 1", "T1 0 1 0 ", "T-1 0 1 0", "Tx 0 1 0", "1 0 1 0"})
    EXPECT_FALSE(scp::parse_times_record(line)) << line;
}

TEST(ScpRecord, ANewlineInANameIsSpeltOut) {
  scp::FileRecord record;
  record.name = "a\nC0644 1 b";
  EXPECT_EQ(scp::format(record), "C0000 0 a\\^JC0644 1 b\n");
}

TEST(LongName, ModesHaveTheLettersOfLs) {
  EXPECT_EQ(mode_letters(S_IFDIR | 0755), "drwxr-xr-x");
  EXPECT_EQ(mode_letters(S_IFREG | 06644), "-rwSr-Sr--");
  EXPECT_EQ(mode_letters(S_IFDIR | 01777), "drwxrwxrwt");
  EXPECT_EQ(mode_letters(S_IFLNK | 0777), "lrwxrwxrwx");
  EXPECT_EQ(mode_letters(S_IFREG | 04711), "-rws--x--x");
}

TEST(LongName, OldFilesShowTheYear) {
  struct stat status{};
  status.st_mode = S_IFREG | 0644;
  status.st_nlink = 2;
  status.st_uid = status.st_gid = 4'000'000'000;
  status.st_mtime = 1'000'000'000;
  IdNames names;
  EXPECT_EQ(long_name("n", status, names, 2'000'000'000),
            "-rw-r--r--    2 4000000000 4000000000        0 Sep  9  2001 n");
  EXPECT_THAT(long_name("n", status, names, 1'000'000'100), testing::MatchesRegex(".* Sep  9 ..:.. n"));
}

}  // namespace
}  // namespace fairlead::agent
