// SPDX-License-Identifier: Apache-2.0
// The loop: readiness, timers, and callbacks that take away what is still to come.
#include "agent/event_loop.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <array>
#include <optional>
#include <vector>

namespace fairlead::agent {
namespace {

using std::chrono::milliseconds;

struct TestPipe {
  TestPipe() {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK), 0);
    reader = FileDescriptor(fds[0]);
    writer = FileDescriptor(fds[1]);
  }
  void fill() const { EXPECT_EQ(::write(writer.get(), "x", 1), 1); }
  FileDescriptor reader, writer;
};

TEST(EventLoop, CallsForWhatIsReadyAndWanted) {
  EventLoop loop;
  const TestPipe pipe;
  int calls = 0;
  EventLoop::Watch watch(loop, pipe.reader.get(), [&](std::uint32_t) { ++calls; });
  pipe.fill();
  EXPECT_FALSE(loop.run_once(milliseconds(0)));  // nothing is wanted yet
  EXPECT_TRUE(watch.want(EPOLLIN));
  EXPECT_TRUE(loop.run_once(milliseconds(0)));
  EXPECT_TRUE(loop.run_once(milliseconds(0)));  // level-triggered
  EXPECT_TRUE(watch.want(0));
  EXPECT_FALSE(loop.run_once(milliseconds(0)));
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, AHangUpNobodyWantsToHearOfDoesNotSpin) {
  EventLoop loop;
  TestPipe pipe;
  EventLoop::Watch watch(loop, pipe.reader.get(), [](std::uint32_t) {});
  EXPECT_TRUE(watch.want(EPOLLIN));
  EXPECT_TRUE(watch.want(0));
  pipe.writer.reset();
  EXPECT_FALSE(loop.run_once(milliseconds(0)));
}

TEST(EventLoop, ACallbackMayRemoveAnotherReadyWatchAndItself) {
  EventLoop loop;
  const TestPipe first, second;
  std::optional<EventLoop::Watch> a, b;
  int calls = 0;
  const auto remove_both = [&](std::uint32_t) {
    ++calls;
    a.reset();
    b.reset();
  };
  a.emplace(loop, first.reader.get(), remove_both);
  b.emplace(loop, second.reader.get(), remove_both);
  first.fill();
  second.fill();
  EXPECT_TRUE(a->want(EPOLLIN));
  EXPECT_TRUE(b->want(EPOLLIN));
  EXPECT_TRUE(loop.run_once(milliseconds(0)));
  EXPECT_EQ(calls, 1);
  EXPECT_FALSE(loop.run_once(milliseconds(0)));
}

TEST(EventLoop, TimersRunInOrderAndCanBeCancelled) {
  EventLoop loop;
  std::vector<int> ran;
  loop.after(milliseconds(20), [&] { ran.push_back(20); });
  loop.after(milliseconds(5), [&] { ran.push_back(5); });
  const auto cancelled = loop.after(milliseconds(1), [&] { ran.push_back(1); });
  loop.cancel(cancelled);
  while (ran.size() < 2) loop.run_once();
  EXPECT_EQ(ran, (std::vector{5, 20}));
  EXPECT_FALSE(loop.run_once(milliseconds(0)));
}

TEST(EventLoop, ARegularFileCannotBeWatched) {
  EventLoop loop;
  const FileDescriptor file(::open("/etc/passwd", O_RDONLY | O_CLOEXEC));
  EventLoop::Watch watch(loop, file.get(), [](std::uint32_t) {});
  EXPECT_FALSE(watch.want(EPOLLIN));
}

}  // namespace
}  // namespace fairlead::agent
