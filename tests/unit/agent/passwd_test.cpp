// SPDX-License-Identifier: Apache-2.0
// The parser of the image's account files.
#include "agent/passwd.hpp"

#include "agent/limits.hpp"
#include "support/scratch.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fairlead::agent {
namespace {

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "alice:x:1000:1001:Alice,,,:/home/alice:/bin/zsh\n"
    "bob:*:1002:1002::/home/bob:\n"
    "alice:x:7:7::/elsewhere:/bin/false\n"
    "last:x:9:9::/:/bin/sh";

TEST(Passwd, FindsByNameAndByIdAndTakesTheFirst) {
  const auto alice = find_user(passwd, "alice");
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->uid, 1000u);
  EXPECT_EQ(alice->gid, 1001u);
  EXPECT_EQ(alice->home, "/home/alice");
  EXPECT_EQ(alice->shell, "/bin/zsh");
  EXPECT_EQ(find_user(passwd, uid_t{1002})->name, "bob");
  EXPECT_EQ(find_user(passwd, uid_t{1002})->shell, "");
  EXPECT_EQ(find_user(passwd, "last")->uid, 9u);  // no line feed at the end
}

TEST(Passwd, AbsentAndEmptyNamesAreNotFound) {
  EXPECT_FALSE(find_user(passwd, "mallory"));
  EXPECT_FALSE(find_user(passwd, ""));
  EXPECT_FALSE(find_user(passwd, uid_t{4242}));
  EXPECT_FALSE(find_user("", "root"));
}

TEST(Passwd, BrokenLinesDoNotCount) {
  constexpr std::string_view broken =
      "\n:x:0:0::/:/bin/sh\nfew:x:1\nmany:x:1:1::/:/bin/sh:more\nword:x:one:1::/:/bin/sh\nminus:x:-1:1::/:/"
      "bin/sh\n"
      "huge:x:4294967295:1::/:/bin/sh\nbig:x:99999999999:1::/:/bin/sh\ngood:x:1:1::/:/bin/sh\n";
  for (const auto* name : {"few", "many", "word", "minus", "huge", "big"})
    EXPECT_FALSE(find_user(broken, name)) << name;
  EXPECT_EQ(find_user(broken, uid_t{1})->name, "good");
}

TEST(Group, FindsIdsAndMemberships) {
  constexpr std::string_view group =
      "root:x:0:\ntty:x:5:\nwheel:x:10:alice,bob\nshort:x:11\ndocker:x:99:bob\nagain:x:10:bob\nlike:x:12:"
      "bobby\n";
  EXPECT_EQ(find_group(group, "tty"), 5u);
  EXPECT_FALSE(find_group(group, "short"));
  EXPECT_FALSE(find_group(group, ""));
  EXPECT_THAT(groups_of(group, "bob"), testing::ElementsAre(10, 99));
  EXPECT_THAT(groups_of(group, "carol"), testing::IsEmpty());
  EXPECT_THAT(groups_of(group, ""), testing::IsEmpty());
}

TEST(Group, MembershipsAreBounded) {
  std::string group;
  for (int i = 1; i < 2000; ++i) group += "g" + std::to_string(i) + ":x:" + std::to_string(i) + ":eve\n";
  EXPECT_EQ(groups_of(group, "eve").size(), limits::supplementary_groups);
}

TEST(ParseId, TakesDecimalNumbersBelowTheReservedOne) {
  EXPECT_EQ(parse_id("0"), 0u);
  EXPECT_EQ(parse_id("4294967294"), 4294967294u);
  for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x1", "4294967295", "4294967296"})
    EXPECT_FALSE(parse_id(bad)) << bad;
}

class AccountFile : public testing::Test {
 protected:
  std::string path() const { return directory_.file("passwd"); }
  test::ScratchDirectory directory_;
};

TEST_F(AccountFile, IsReadUpToItsLimit) {
  std::ofstream(path()) << std::string(limits::account_file + 5000, 'x');
  EXPECT_EQ(read_account_file(path().c_str()).size(), limits::account_file);
}

TEST_F(AccountFile, ThatIsNoFileDoesNotHoldTheAgent) {
  EXPECT_EQ(read_account_file(path().c_str()), "");
  ASSERT_EQ(::mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(read_account_file(path().c_str()), "");
  EXPECT_EQ(read_account_file("/dev/zero"), "");
}

}  // namespace
}  // namespace fairlead::agent
