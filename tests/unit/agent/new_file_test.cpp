// SPDX-License-Identifier: Apache-2.0
// Files that appear at once: where, whose, past which links, and what is left when they do not.
#include "agent/new_file.hpp"

#include "link/agent_link.hpp"
#include "support/scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace fairlead::agent {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::string content(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct stat status_of(const fs::path& file) {
  struct stat status{};
  EXPECT_EQ(::lstat(file.c_str(), &status), 0) << file;
  return status;
}

class NewFileTest : public testing::Test {
 protected:
  // What deliver() answers: empty, or why not.
  std::string deliver(const fs::path& path, std::string_view text) const {
    auto file = NewFile::create(path.native(), owner_);
    if (!file) return file.error();
    if (auto written = file->append(ssh::as_bytes(text)); !written) return written.error();
    if (auto there = file->appear(); !there) return there.error();
    return {};
  }
  // Names in the directory, temporary ones included.
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(root_), {}));
  }

  test::ScratchDirectory scratch_;
  fs::path root_ = fs::canonical(fs::path(scratch_.path()));
  Account owner_;
};

TEST_F(NewFileTest, AppearsWithItsDirectoriesAndIsPrivate) {
  const fs::path file = root_ / "a" / "b" / "token";
  EXPECT_EQ(deliver(file, "secret"), "");
  EXPECT_EQ(content(file), "secret");
  EXPECT_EQ(status_of(file).st_mode & 07777, 0600U);
  EXPECT_EQ(status_of(root_ / "a").st_mode & 07777, 0755U);
}

TEST_F(NewFileTest, TakesThePlaceOfAnotherWithItsMode) {
  const fs::path file = root_ / "token";
  std::ofstream(file) << "old and much longer";
  fs::permissions(file, fs::perms(0644));
  EXPECT_EQ(deliver(file, "new"), "");
  EXPECT_EQ(content(file), "new");
  EXPECT_EQ(status_of(file).st_mode & 07777, 0600U);
}

TEST_F(NewFileTest, IsThereCompleteOrNotAtAll) {
  const fs::path file = root_ / "token";
  std::ofstream(file) << "old";
  {
    auto half = NewFile::create(file.native(), owner_);
    ASSERT_TRUE(half) << half.error();
    ASSERT_TRUE(half->append(ssh::as_bytes("ne")));
    EXPECT_EQ(content(file), "old");
    EXPECT_EQ(entries(), 2U);
  }
  EXPECT_EQ(content(file), "old");
  EXPECT_EQ(entries(), 1U) << "what was abandoned is gone";
}

TEST_F(NewFileTest, ReplacesALinkInItsOwnPlaceAndNotWhatItLeadsTo) {
  std::ofstream(root_ / "victim") << "untouched";
  fs::create_symlink(root_ / "victim", root_ / "token");
  EXPECT_EQ(deliver(root_ / "token", "secret"), "");
  EXPECT_EQ(content(root_ / "victim"), "untouched");
  EXPECT_FALSE(fs::is_symlink(root_ / "token"));
  EXPECT_EQ(content(root_ / "token"), "secret");
}

TEST_F(NewFileTest, FollowsOurOwnLinksToDirectories) {
  fs::create_directories(root_ / "run" / "deep");
  fs::create_directory(root_ / "var");
  fs::create_symlink("../run", root_ / "var" / "run");
  fs::create_directory_symlink(root_ / "run" / "deep", root_ / "absolute");
  EXPECT_EQ(deliver(root_ / "var" / "run" / "token", "one"), "");
  EXPECT_EQ(deliver(root_ / "absolute" / "token", "two"), "");
  EXPECT_EQ(content(root_ / "run" / "token"), "one");
  EXPECT_EQ(content(root_ / "run" / "deep" / "token"), "two");
}

TEST_F(NewFileTest, DoesNotFollowTheLinksOfOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  fs::create_directory(root_ / "elsewhere");
  fs::create_directory_symlink(root_ / "elsewhere", root_ / "home");
  ASSERT_EQ(::lchown((root_ / "home").c_str(), 4711, 4711), 0);
  EXPECT_THAT(deliver(root_ / "home" / "token", "x"), HasSubstr("home is a symbolic link that"));
  EXPECT_TRUE(fs::is_empty(root_ / "elsewhere"));
}

TEST_F(NewFileTest, GivesUpOnLinksInACircle) {
  fs::create_symlink("b", root_ / "a");
  fs::create_symlink("a", root_ / "b");
  EXPECT_THAT(deliver(root_ / "a" / "token", "x"), HasSubstr("symbolic links"));
}

TEST_F(NewFileTest, BelongsToTheAccount) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  owner_.uid = 4711;
  owner_.gid = 815;
  owner_.change_ids = true;
  EXPECT_EQ(deliver(root_ / "made" / "token", "x"), "");
  for (const auto& path : {root_ / "made", root_ / "made" / "token"}) {
    EXPECT_EQ(status_of(path).st_uid, 4711U) << path;
    EXPECT_EQ(status_of(path).st_gid, 815U) << path;
  }
  EXPECT_EQ(status_of(root_).st_uid, 0U) << "what was there keeps its owner";
}

TEST_F(NewFileTest, SaysWhyNot) {
  std::ofstream(root_ / "file") << "x";
  fs::create_directory(root_ / "directory");
  EXPECT_THAT(deliver(root_ / "file" / "token", "x"), HasSubstr("Not a directory"));
  EXPECT_THAT(deliver(root_ / "directory", "x"), HasSubstr("directory"));
  EXPECT_THAT(deliver("relative", "x"), HasSubstr("absolute path"));
  EXPECT_THAT(deliver(root_ / "a" / ".." / "b", "x"), HasSubstr("absolute path"));
  EXPECT_NE(deliver("/proc/fairlead/token", "x"), "");
  EXPECT_EQ(entries(), 2U);
}

TEST_F(NewFileTest, IsBounded) {
  auto file = NewFile::create((root_ / "large").native(), owner_);
  ASSERT_TRUE(file) << file.error();
  const std::string piece(std::size_t{1} << 20, 'x');
  for (std::size_t size = 0; size < link::file_bytes; size += piece.size())
    ASSERT_TRUE(file->append(ssh::as_bytes(piece)));
  EXPECT_FALSE(file->append(ssh::as_bytes("x")));
}

}  // namespace
}  // namespace fairlead::agent
