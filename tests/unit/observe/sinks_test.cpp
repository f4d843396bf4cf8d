// SPDX-License-Identifier: Apache-2.0
// Where lines go, and what happens when they cannot.
#include "observe/sinks.hpp"

#include "support/scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

namespace fairlead::observe {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream input(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(input, line);) lines.push_back(line);
  return lines;
}

class FileLog : public testing::Test {
 protected:
  test::ScratchDirectory directory_;
  std::string file_ = directory_.file("log");
};

struct Pipe {
  Pipe() { EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    for (const int end : ends)
      if (end >= 0) ::close(end);
  }
  int ends[2] = {-1, -1};
};

TEST(Levels, AreNamesOrNumbers) {
  EXPECT_EQ(level_from("debug"), Level::debug);
  EXPECT_EQ(level_from("0"), Level::emerg);
  EXPECT_EQ(level_from("7"), Level::debug);
  EXPECT_EQ(level_from("8"), std::nullopt);
  EXPECT_EQ(level_from(""), std::nullopt);
  EXPECT_EQ(level_from("Debug"), std::nullopt);
  EXPECT_EQ(level_name(Level::crit), "crit");
}

TEST_F(FileLog, WritesWhatTheLevelAllows) {
  const auto log = open_log({Level::notice, LineFormat::ljson, file_});
  ASSERT_TRUE(log);
  log->info("A", "too fine");
  log->notice("B", "shown");
  log->write(Level::debug, "C", "also too fine");
  EXPECT_THAT(lines_of(file_), testing::ElementsAre(HasSubstr("\"code\":\"B\"")));
}

TEST_F(FileLog, ALevelThatIsSetLaterHoldsForWhatWasMadeOfTheLogBefore) {
  const auto log = open_log({Level::notice, LineFormat::ljson, file_});
  ASSERT_TRUE(log);
  const Log copy = log->with({{"connectionId", "abc"}});
  const Log other = log->at(Level::error);
  log->set_level(Level::debug);
  copy.debug("A", "shown");
  other.notice("B", "has a level of its own");
  copy.set_level(Level::error);
  log->notice("C", "too fine now");
  EXPECT_THAT(lines_of(file_), testing::ElementsAre(HasSubstr("\"code\":\"A\"")));
  Log().set_level(Level::debug);  // drops everything, whatever the level
}

TEST_F(FileLog, InheritedLabelsAreOnEveryLineAndOverride) {
  const auto log = open_log({Level::info, LineFormat::text, file_});
  ASSERT_TRUE(log);
  const Log connection = log->with({{"connectionId", "abc"}}).with({{"username", "alice"}});
  connection.info("A", "hello", {{"connectionId", "forged"}, {"n", 1}});
  log->info("A", "bare");
  const auto lines = lines_of(file_);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[0], HasSubstr("hello (connectionId=abc n=1 username=alice)"));
  EXPECT_THAT(lines[1], HasSubstr("bare"));
  EXPECT_THAT(lines[1], testing::Not(HasSubstr("abc")));
}

TEST_F(FileLog, ReopensAfterRotation) {
  const auto log = open_log({Level::info, LineFormat::text, file_});
  ASSERT_TRUE(log);
  log->info("A", "one");
  std::filesystem::rename(file_, file_ + ".1");
  log->info("A", "two");
  log->reopen();
  log->info("A", "three");
  EXPECT_THAT(lines_of(file_ + ".1"), SizeIs(2));
  EXPECT_THAT(lines_of(file_), testing::ElementsAre(HasSubstr("three")));
}

TEST_F(FileLog, KeepsTheOldFileWhenTheNewOneCannotBeOpened) {
  const auto log = open_log({Level::info, LineFormat::text, file_});
  ASSERT_TRUE(log);
  std::filesystem::rename(file_, directory_.file("moved"));
  std::filesystem::create_directory(file_);
  log->reopen();
  log->info("A", "still here");
  EXPECT_THAT(lines_of(directory_.file("moved")),
              testing::ElementsAre(HasSubstr("cannot be opened again"), HasSubstr("still here")));
}

TEST_F(FileLog, AFileThatCannotBeOpenedIsASentence) {
  const auto log = open_log({Level::info, LineFormat::text, directory_.path()});
  ASSERT_FALSE(log);
  EXPECT_THAT(log.error(), HasSubstr("cannot be opened: Is a directory."));
}

TEST_F(FileLog, ThreadsNeverMixTheirLines) {
  const auto log = open_log({Level::info, LineFormat::text, file_});
  ASSERT_TRUE(log);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([log = *log, i] {
      for (int j = 0; j < 200; ++j) log.info("A", std::string(100, static_cast<char>('a' + i)));
    });
  for (auto& thread : threads) thread.join();
  const auto lines = lines_of(file_);
  ASSERT_THAT(lines, SizeIs(800));
  for (const auto& line : lines)
    EXPECT_EQ(line.find_first_not_of(line.back(), line.size() - 100), std::string::npos);
}

TEST(Sinks, AReaderThatIsGoneHurtsNobody) {
  Pipe pipe;
  ::close(std::exchange(pipe.ends[0], -1));
  const Log log(descriptor_sink(pipe.ends[1], LineFormat::ljson), Level::info);
  for (int i = 0; i < 100; ++i) log.info("A", "into the void");
}

TEST(Sinks, AReaderThatStallsLosesLinesAndIsToldHowMany) {
  Pipe pipe;
  const Log log(descriptor_sink(pipe.ends[1], LineFormat::ljson), Level::info);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 2000; ++i) log.info("A", std::string(1000, 'x'));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5)) << "dropping must be quick";
  std::string received(1 << 20, '\0');
  ASSERT_GT(::read(pipe.ends[0], received.data(), received.size()), 0);
  log.info("B", "after the gap");
  received.resize(static_cast<std::size_t>(::read(pipe.ends[0], received.data(), received.size())));
  EXPECT_THAT(received, HasSubstr("LOG_WRITE_FAILED"));
  EXPECT_THAT(received, HasSubstr("\"lines\":19"));
  EXPECT_THAT(received, HasSubstr("after the gap"));
}

TEST(Sinks, ALineLongerThanAPipeTakesAtOnceNeverBlocksAndIsEnded) {
  Pipe pipe;
  ASSERT_GT(::fcntl(pipe.ends[1], F_SETPIPE_SZ, 8192), 0);
  const Log log(descriptor_sink(pipe.ends[1], LineFormat::text), Level::info);
  std::vector<Label> many;
  for (int i = 0; i < 40; ++i) many.push_back({"label" + std::to_string(i), std::string(256, 'x')});
  log.info("A", "long", many);  // blocks for ever if written at once
  std::string received(1 << 20, '\0');
  ASSERT_GT(::read(pipe.ends[0], received.data(), received.size()), 0);
  log.info("B", "short");
  received.resize(static_cast<std::size_t>(::read(pipe.ends[0], received.data(), received.size())));
  EXPECT_EQ(received.front(), '\n');
  EXPECT_THAT(received, HasSubstr("(lines=1)\n"));
  EXPECT_THAT(received, HasSubstr("\tshort\n"));
}

TEST(Sinks, AFullDiskIsSurvived) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  const Log log(descriptor_sink(full, LineFormat::text), Level::info);
  for (int i = 0; i < 10; ++i) log.error("A", "no room");
  ::close(full);
}

TEST(Sinks, ALogWithoutSinkDropsEverything) {
  const Log log;
  EXPECT_FALSE(log.enabled(Level::emerg));
  log.with({{"a", "b"}}).error("A", "nobody hears");
  log.reopen();
}

}  // namespace
}  // namespace fairlead::observe
