// SPDX-License-Identifier: Apache-2.0
// Removing trees that a hostile box made.
#include "backend/oci/tree.hpp"

#include "unit/backend/oci/scratch.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using backend::oci::remove_tree;
using TreeTest = ScratchTest;

TEST_F(TreeTest, WhatIsNotThereIsRemoved) {
  EXPECT_EQ(remove_tree((scratch_ / "nothing").string()), 0);
}

TEST_F(TreeTest, RemovesFilesLinksAndDirectories) {
  const fs::path top = scratch_ / "top";
  write_text(top / "a/b/c/file", "x");
  write_text(top / "a/b/other", "x");
  fs::create_directories(top / "empty/also");
  fs::create_symlink("nowhere", top / "a/link");
  EXPECT_EQ(remove_tree(top.string()), 0);
  EXPECT_FALSE(fs::exists(top));
}

TEST_F(TreeTest, NeverFollowsALink) {
  write_text(scratch_ / "kept/file", "x");
  fs::create_directories(scratch_ / "top/deep");
  fs::create_directory_symlink(scratch_ / "kept", scratch_ / "top/link");
  fs::create_directory_symlink(scratch_ / "kept", scratch_ / "top/deep/link");
  EXPECT_EQ(remove_tree((scratch_ / "top").string()), 0);
  EXPECT_TRUE(fs::exists(scratch_ / "kept/file"));
  fs::create_directory_symlink(scratch_ / "kept", scratch_ / "top");
  EXPECT_EQ(remove_tree((scratch_ / "top").string()), 0);
  EXPECT_TRUE(fs::exists(scratch_ / "kept/file"));
}

// A recursive removal would run out of stack or descriptors, or of PATH_MAX.
TEST_F(TreeTest, DepthCostsNeitherStackNorDescriptors) {
  const fs::path top = scratch_ / "top";
  fs::create_directory(top);
  int at = ::open(top.c_str(), O_RDONLY | O_DIRECTORY);
  for (int i = 0; i < 3'000; ++i) {
    ASSERT_EQ(::mkdirat(at, "deeper", 0755), 0);
    const int next = ::openat(at, "deeper", O_RDONLY | O_DIRECTORY);
    ::close(at);
    at = next;
  }
  ::close(at);
  EXPECT_EQ(remove_tree(top.string()), 0);
  EXPECT_FALSE(fs::exists(top));
}

TEST_F(TreeTest, NamesLikeItsOwnDoNotDisturbIt) {
  const fs::path top = scratch_ / "top";
  write_text(top / ".removed-b/x/file", "x");
  write_text(top / "a/b/file", "x");
  write_text(top / "a/.removed-c/y/file", "x");
  EXPECT_EQ(remove_tree(top.string()), 0);
  EXPECT_FALSE(fs::exists(top));
}

TEST_F(TreeTest, ManyEntriesAreAllRemoved) {
  const fs::path top = scratch_ / "top";
  for (int i = 0; i < 3000; ++i)
    write_text(top / std::to_string(i % 7) / ("file with a longish name " + std::to_string(i)), "");
  EXPECT_EQ(remove_tree(top.string()), 0);
  EXPECT_FALSE(fs::exists(top));
}

TEST_F(TreeTest, LockedDirectoriesAreUnlocked) {
  const fs::path top = scratch_ / "top";
  write_text(top / "locked/below/file", "x");
  ::chmod((top / "locked/below").c_str(), 0);
  ::chmod((top / "locked").c_str(), 0);
  EXPECT_EQ(remove_tree(top.string()), 0);
  EXPECT_FALSE(fs::exists(top));
}

}  // namespace
}  // namespace fairlead::test
