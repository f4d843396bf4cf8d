// SPDX-License-Identifier: Apache-2.0
// The journal: what was begun is known after a crash, and to the right daemon only.
#include "backend/journal.hpp"

#include "backend/backend.hpp"
#include "unit/backend/oci/scratch.hpp"

#include <gmock/gmock.h>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using backend::BackendError;
using backend::Journal;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using JournalTest = ScratchTest;

Journal::Entry entry(std::string id, std::string backend = "oci") {
  return {std::move(id), std::move(backend), {{"user", "alice"}}};
}

TEST_F(JournalTest, WhatACrashLeftIsReadAtTheNextStart) {
  {
    const auto journal = Journal::open(scratch_, "one");
    journal->add(entry("box-1"));
    journal->add(entry("box-2"));
    journal->add(entry("box-3", "docker"));
    journal->remove("box-2");
    EXPECT_THAT(journal->left_over("oci"), IsEmpty());  // ours and alive
  }
  const auto journal = Journal::open(scratch_, "one");
  const auto left = journal->left_over("oci");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].id, "box-1");
  EXPECT_EQ(left[0].details.at("user").as_string(), "alice");
  EXPECT_EQ(journal->left_over("docker").size(), 1U);
  journal->remove("box-1");
  EXPECT_THAT(journal->left_over("oci"), IsEmpty());
  EXPECT_THAT(journal->ids(), ElementsAre("box-3"));
}

TEST_F(JournalTest, ANoteTakesThePlaceOfAnEntryThatIsThere) {
  {
    const auto journal = Journal::open(scratch_, "one");
    journal->add(entry("box-1"));
    EXPECT_TRUE(journal->note({"box-1", "oci", {{"user", "bob"}}}));
    EXPECT_FALSE(journal->note(entry("box-2"))) << "nobody begins a box with a note";
    journal->add(entry("box-3"));
    journal->remove("box-3");
    EXPECT_FALSE(journal->note(entry("box-3"))) << "nor brings one back";
  }
  const auto left = Journal::open(scratch_, "one")->left_over("oci");
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].details.at("user").as_string(), "bob");
}

TEST_F(JournalTest, AnotherInstancesEntriesAreNotTouched) {
  const auto one = Journal::open(scratch_, "one");
  one->add(entry("box"));
  const auto two = Journal::open(scratch_, "two");
  EXPECT_THAT(two->ids(), IsEmpty());
  two->remove("box");
  EXPECT_TRUE(fs::exists(one->directory() / "box.json"));
}

TEST_F(JournalTest, BackendsOfOneProcessShareIt) {
  EXPECT_EQ(Journal::open(scratch_, "one"), Journal::open(scratch_, "one"));
}

TEST_F(JournalTest, ASecondDaemonWithTheSameInstanceIsRefused) {
  fs::create_directories(scratch_ / "journal/one");
  const int other = ::open((scratch_ / "journal/one/lock").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_EQ(::flock(other, LOCK_EX), 0);
  EXPECT_THROW((void)Journal::open(scratch_, "one"), BackendError);
  EXPECT_NO_THROW((void)Journal::open(scratch_, "two"));
  ::close(other);
  EXPECT_NO_THROW((void)Journal::open(scratch_, "one"));
}

TEST_F(JournalTest, AHalfWrittenEntryMeansThatNothingWasBegun) {
  write_text(scratch_ / "journal/one/box.new", "{\"backend\":");
  write_text(scratch_ / "journal/one/broken.json", "{\"backend\":");
  write_text(scratch_ / "journal/one/empty.json", "");
  write_text(scratch_ / "journal/one/huge.json", std::string(100'000, ' '));
  const auto journal = Journal::open(scratch_, "one");
  EXPECT_THAT(journal->left_over("oci"), IsEmpty());
  EXPECT_THAT(journal->ids(), IsEmpty());
  journal->add(entry("box"));
}

TEST_F(JournalTest, AnIdIsUsedOnceAndIsAPlainName) {
  const auto journal = Journal::open(scratch_, "one");
  journal->add(entry("box"));
  EXPECT_THROW(journal->add(entry("box")), BackendError);
  for (const char* bad : {"", "../x", "a/b", "a b", "a.b", "ü"})
    EXPECT_THROW(journal->add(entry(bad)), BackendError) << bad;
  EXPECT_THROW(journal->add(entry(std::string(101, 'a'))), BackendError);
  EXPECT_THROW((void)Journal::open(scratch_, "../one"), BackendError);
  EXPECT_THAT(journal->ids(), ElementsAre("box"));
}

}  // namespace
}  // namespace fairlead::test
