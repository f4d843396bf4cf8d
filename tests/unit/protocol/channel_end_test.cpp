// SPDX-License-Identifier: Apache-2.0
// How channels end, against a peer made by hand: half-close, close, and what comes after.
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

TEST(Channels, DataAfterEofDisconnects) {
  Open peer;
  ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
  EXPECT_FALSE(peer.data(0, "x"));
  EXPECT_EQ(peer.error(), Errc::unexpected_message);
}

TEST(Channels, ExtendedDataAfterEofDisconnects) {
  Open peer;
  ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
  EXPECT_FALSE(peer.extended(0, 1, "x"));
}

TEST(Channels, RepeatedEofIsToldOnce) {
  Open peer;
  ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
  ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
  EXPECT_THAT(peer.log(), ElementsAre("eof 0"));
}

TEST(Channels, EofOfOneSideLeavesTheOtherOpen) {
  Open peer;
  ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
  EXPECT_EQ(peer.engine().send_data(0, DataType::standard, as_bytes("more")), 4U);
  peer.engine().send_eof(0);
  peer.engine().send_eof(0);
  EXPECT_EQ(peer.engine().writable(0), 0U);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(94, 96));
  peer.engine().send_request(0, "exit-status", false, as_bytes("\0\0\0\0"));
  peer.engine().close_channel(0);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(98, 97));
}

TEST(Channels, CloseIsAnsweredOnceAndNothingFollowsOurs) {
  Open peer;
  peer.engine().close_channel(0);
  peer.engine().close_channel(0);
  peer.engine().send_eof(0);
  peer.engine().send_request(0, "signal", true, {});
  peer.engine().reply(0, 1, true);
  peer.engine().consumed(0, 10);
  EXPECT_EQ(peer.engine().send_data(0, DataType::standard, as_bytes("x")), 0U);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(97));
  ASSERT_TRUE(peer.bare(msg::channel_close, 0));
  EXPECT_THAT(peer.log(), ElementsAre("closed 0"));
  EXPECT_THAT(peer.received(), IsEmpty());
}

TEST(Channels, WhatWasInFlightWhenWeClosedIsTakenSilently) {
  Open peer;
  peer.engine().close_channel(0);
  (void)peer.received();
  EXPECT_TRUE(peer.data(0, "late"));
  EXPECT_TRUE(peer.extended(0, 1, "late"));
  EXPECT_TRUE(peer.request(0, "signal", true));
  EXPECT_TRUE(peer.adjust(0, 5));
  EXPECT_TRUE(peer.bare(msg::channel_success, 0));
  EXPECT_TRUE(peer.bare(msg::channel_eof, 0));
  EXPECT_THAT(peer.log(), IsEmpty());
  EXPECT_TRUE(peer.bare(msg::channel_close, 0));
  EXPECT_THAT(peer.received(), IsEmpty());
}

// Every order in which the four ends may come, our two in either order of time with the peer's.
TEST(Channels, EveryOrderOfHalfClosesEndsCleanly) {
  enum Step { our_eof, our_close, peer_eof, peer_close };
  std::vector<int> order{our_eof, our_close, peer_eof, peer_close};
  int tried = 0;
  do {
    const auto at = [&](int step) { return std::ranges::find(order, step) - order.begin(); };
    if (at(peer_eof) > at(peer_close)) continue;  // a peer that does this breaks the protocol
    Open peer;
    for (const int step : order) {
      if (step == our_eof) peer.engine().send_eof(0);
      if (step == our_close) peer.engine().close_channel(0);
      if (step == peer_eof) {
        ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
      }
      if (step == peer_close) {
        ASSERT_TRUE(peer.bare(msg::channel_close, 0));
      }
    }
    const auto numbers = peer.received_numbers();
    EXPECT_EQ(std::ranges::count(numbers, 97), 1);
    EXPECT_EQ(numbers.back(), 97);
    EXPECT_EQ(std::ranges::count(numbers, 96),
              at(our_eof) < at(our_close) && at(our_eof) < at(peer_close) ? 1 : 0);
    const Lines lines = peer.log();
    EXPECT_EQ(std::ranges::count(lines, "closed 0"), 1);
    EXPECT_EQ(std::ranges::count(lines, "eof 0"), at(peer_eof) < at(our_close) ? 1 : 0);
    EXPECT_EQ(*peer.engine().open_channel("next", {}), 0U);
    ++tried;
  } while (std::ranges::next_permutation(order).found);
  EXPECT_EQ(tried, 12);
}

TEST(Channels, SecondCloseOfThePeerDisconnects) {
  Open peer;
  ASSERT_TRUE(peer.bare(msg::channel_close, 0));
  EXPECT_FALSE(peer.bare(msg::channel_close, 0));
  EXPECT_EQ(peer.error(), Errc::unexpected_message);
}

TEST(Channels, CloseAfterBothClosedIsForAnUnknownChannel) {
  Open peer;
  peer.engine().close_channel(0);
  ASSERT_TRUE(peer.bare(msg::channel_close, 0));
  EXPECT_FALSE(peer.bare(msg::channel_close, 0));
  EXPECT_EQ(peer.error(), Errc::unknown_channel);
}

}  // namespace
}  // namespace fairlead::ssh::test
