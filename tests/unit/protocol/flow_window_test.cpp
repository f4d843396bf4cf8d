// SPDX-License-Identifier: Apache-2.0
// Window arithmetic: exact, never wrapping, and growing only when the window is what slows the peer down.
#include "protocol/flow_window.hpp"

#include <gtest/gtest.h>

namespace fairlead::ssh {
namespace {

using namespace std::chrono_literals;
using Clock = ReceiveWindow::Clock;

TEST(SendWindow, NeverWraps) {
  SendWindow window(0xfffffff0);
  EXPECT_TRUE(window.grow(15));
  EXPECT_EQ(window.left(), 0xffffffffU);
  EXPECT_EQ(window.grow(1).error().code, Errc::window_overflow);
  EXPECT_EQ(window.grow(0xffffffff).error().code, Errc::window_overflow);
  EXPECT_EQ(window.left(), 0xffffffffU);
  window.take(0xffffffff);
  EXPECT_EQ(window.left(), 0U);
  EXPECT_TRUE(window.grow(0xffffffff));
}

TEST(ReceiveWindow, CreditHeldAndOwedAlwaysAddUp) {
  std::uint32_t growth = limits::largest_window;
  ReceiveWindow window(101);
  std::size_t received = 0, consumed = 0, given = 101;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::size_t bytes = i * 7919 % (window.credit() + std::size_t{1});
    ASSERT_TRUE(window.receive(bytes, {}));
    received += bytes;
    const std::size_t taken = i * 104729 % (received - consumed + 1);
    given += window.consume(taken, {}, growth);
    consumed += taken;
    ASSERT_EQ(window.credit(), given - received);
    ASSERT_LE(given - consumed, 101U);  // what the peer was granted is never more than the window
    ASSERT_GT(given - consumed, 101U / 2);
  }
  EXPECT_GT(received, 10'000U);
  EXPECT_EQ(window.size(), 101U);
}

TEST(ReceiveWindow, OneByteTooManyIsRefusedAndChangesNothing) {
  ReceiveWindow window(10);
  EXPECT_EQ(window.receive(11, {}).error().code, Errc::window_exceeded);
  EXPECT_EQ(window.receive(std::size_t{1} << 32, {}).error().code, Errc::window_exceeded);
  EXPECT_EQ(window.credit(), 10U);
  EXPECT_TRUE(window.receive(10, {}));
  EXPECT_FALSE(window.receive(1, {}));
}

// A sender behind a round trip: it sends what it may, at once, and the rest half a round trip after each
// adjustment.
struct Sender {
  ReceiveWindow window{limits::initial_window};
  std::uint32_t growth = limits::largest_window;
  Clock::time_point now{1h};

  void burst(std::size_t bytes, Clock::duration packet_time) {
    while (bytes > 0) {
      const std::size_t packet = std::min<std::size_t>(bytes, limits::channel_packet);
      now += packet_time;
      ASSERT_TRUE(window.receive(packet, now));
      (void)window.consume(packet, now, growth);
      bytes -= packet;
    }
  }
};

TEST(ReceiveWindow, GrowsWhenThePeerWaitsForUs) {
  Sender sender;
  for (int round = 0; round < 100; ++round) {
    sender.burst(sender.window.size() / 2, 10us);
    sender.now += 50ms;
  }
  EXPECT_EQ(sender.window.size(), limits::largest_window);
  EXPECT_EQ(sender.growth, limits::initial_window);
}

TEST(ReceiveWindow, StaysWhenDataFlowsSteadily) {
  Sender fast, slow;
  fast.burst(std::size_t{1} << 30, 20us);
  slow.burst(std::size_t{1} << 26, 10ms);
  EXPECT_EQ(fast.window.size(), limits::initial_window);
  EXPECT_EQ(slow.window.size(), limits::initial_window);
}

TEST(ReceiveWindow, StaysWhenTheApplicationIsWhatIsSlow) {
  ReceiveWindow window(limits::initial_window);
  std::uint32_t growth = limits::largest_window;
  Clock::time_point now{1h};
  ASSERT_TRUE(window.receive(limits::initial_window, now));
  for (int round = 0; round < 100; ++round) {
    now += 50ms;
    const std::uint32_t given = window.consume(limits::initial_window / 2, now, growth);
    EXPECT_EQ(given, limits::initial_window / 2);
    now += 50ms;
    ASSERT_TRUE(window.receive(given, now));
  }
  EXPECT_EQ(window.size(), limits::initial_window);
}

TEST(ReceiveWindow, GrowthOfAConnectionIsShared) {
  std::uint32_t growth = limits::largest_window;
  std::uint64_t total = 0;
  for (int channel = 0; channel < 20; ++channel) {
    Sender sender;
    sender.growth = growth;
    for (int round = 0; round < 100; ++round) {
      sender.burst(sender.window.size() / 2, 10us);
      sender.now += 50ms;
    }
    growth = sender.growth;
    total += sender.window.size() - limits::initial_window;
  }
  EXPECT_EQ(total, limits::largest_window);
  EXPECT_EQ(growth, 0U);
}

}  // namespace
}  // namespace fairlead::ssh
