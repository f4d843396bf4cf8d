// SPDX-License-Identifier: Apache-2.0
// The connection protocol against a peer made by hand: windows, half-close, limits, and what it refuses.
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

TEST(Channels, ConfirmationCarriesBothNumbersWindowAndMaximumPacketSize) {
  RawPeer peer(link_config(1000, 100));
  ASSERT_TRUE(peer.open(0xdeadbeef));
  peer.engine().confirm_open(0, as_bytes("extra"));
  const auto payloads = peer.received();
  ASSERT_EQ(payloads.size(), 1U);
  WireReader reader(payloads[0]);
  EXPECT_EQ(reader.byte(), msg::channel_open_confirmation);
  EXPECT_EQ(reader.u32(), 0xdeadbeef);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_EQ(reader.u32(), 1000U);
  EXPECT_EQ(reader.u32(), 100U);
  EXPECT_EQ(as_text(reader.rest()), "extra");
}

TEST(Channels, RefusalCarriesReasonAndTextAndLeavesNothing) {
  RawPeer peer;
  ASSERT_TRUE(peer.open(7));
  peer.engine().refuse_open(0, OpenFailure::unknown_channel_type, "unknown channel type: session");
  const auto payloads = peer.received();
  ASSERT_EQ(payloads.size(), 1U);
  WireReader reader(payloads[0]);
  EXPECT_EQ(reader.byte(), msg::channel_open_failure);
  EXPECT_EQ(reader.u32(), 7U);
  EXPECT_EQ(reader.u32(), 3U);
  EXPECT_EQ(reader.text(), "unknown channel type: session");
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.done());
  peer.engine().confirm_open(0);
  EXPECT_THAT(peer.received_numbers(), IsEmpty());
  EXPECT_FALSE(peer.data(0, "x"));
  EXPECT_EQ(peer.error(), Errc::unknown_channel);
}

TEST(Channels, OpensAboveTheLimitAreRefusedAndOthersGoOn) {
  RawPeer peer(link_config(1000, 100, 10));
  for (std::uint32_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(peer.open(i));
    if (i < 10) peer.engine().confirm_open(i);
  }
  const auto numbers = peer.received_numbers();
  EXPECT_EQ(std::ranges::count(numbers, 91), 10);
  EXPECT_EQ(std::ranges::count(numbers, 92), 20);
  EXPECT_EQ(peer.log().size(), 10U);
  ASSERT_TRUE(peer.data(3, "still here"));
  EXPECT_THAT(peer.log(), ElementsAre("data 3 still here"));
}

TEST(Channels, OurOwnOpensCountTowardsTheLimitAndNumbersComeBack) {
  RawPeer peer(link_config(1000, 100, 2));
  EXPECT_EQ(*peer.engine().open_channel("a", {}), 0U);
  EXPECT_EQ(*peer.engine().open_channel("b", {}), 1U);
  EXPECT_EQ(peer.engine().open_channel("c", {}).error().code, Errc::too_many_channels);
  ASSERT_TRUE(peer.open(9));
  EXPECT_THAT(peer.received_numbers(), ElementsAre(90, 90, 92));
  ASSERT_TRUE(peer.send([](WireWriter& w) {
    w.byte(msg::channel_open_failure)
        .u32(0)
        .u32(2)
        .string(std::string_view("no"))
        .string(std::string_view(""));
  }));
  EXPECT_THAT(peer.log(), ElementsAre("failed 0 2 no"));
  EXPECT_EQ(*peer.engine().open_channel("c", {}), 0U);
}

TEST(Channels, UndecidedOpensAreLimited) {
  RawPeer peer;
  for (std::uint32_t i = 0; i < 40; ++i) ASSERT_TRUE(peer.open(i));
  EXPECT_EQ(peer.log().size(), limits::undecided_channels);
  EXPECT_EQ(peer.received().size(), 40 - limits::undecided_channels);
}

TEST(Channels, ThirtyOpensAndClosesLeaveNoState) {
  RawPeer peer(link_config(1000, 100, 1));
  for (std::uint32_t i = 0; i < 30; ++i) {
    ASSERT_TRUE(peer.open(i));
    peer.engine().confirm_open(0);
    ASSERT_TRUE(peer.bare(msg::channel_close, 0));
    peer.engine().close_channel(0);
    EXPECT_THAT(peer.received_numbers(), ElementsAre(91, 97));
  }
}

TEST(Channels, NumberIsReusedOnlyAfterBothCloses) {
  Open peer;
  ASSERT_TRUE(peer.bare(msg::channel_close, 0));
  ASSERT_TRUE(peer.open(8));
  peer.engine().close_channel(0);
  ASSERT_TRUE(peer.open(9));
  EXPECT_THAT(peer.log(), ElementsAre("closed 0", "open 1 session", "open 0 session"));
}

// CVE-2026-39834: a maximum packet size of zero made the writer loop for ever.
TEST(Channels, MaximumPacketSizeZeroIsRefused) {
  RawPeer peer;
  ASSERT_TRUE(peer.open(7, 1000, 0));
  EXPECT_THAT(peer.received_numbers(), ElementsAre(92));
  EXPECT_THAT(peer.log(), IsEmpty());
  ASSERT_EQ(*peer.engine().open_channel("session", {}), 0U);
  EXPECT_FALSE(peer.confirm(0, 7, 1000, 0));
  EXPECT_EQ(peer.error(), Errc::bad_message);
}

TEST(Channels, TinyMaximumPacketSizesWork) {
  for (const std::uint32_t max_packet : {1U, 2U}) {
    RawPeer peer;
    ASSERT_TRUE(peer.open(7, 5, max_packet));
    peer.engine().confirm_open(0);
    (void)peer.received();
    EXPECT_EQ(peer.engine().send_data(0, DataType::standard, as_bytes("abcdef")), max_packet);
  }
}

TEST(Channels, HugeMaximumPacketSizeIsCutToOurs) {
  RawPeer peer;
  ASSERT_TRUE(peer.open(7, 0xffffffff, 0xffffffff));
  peer.engine().confirm_open(0);
  EXPECT_EQ(peer.engine().writable(0), limits::channel_packet);
}

TEST(Channels, SendingIsExactToTheByte) {
  RawPeer peer;
  ASSERT_TRUE(peer.open(7, 1000, 100));
  peer.engine().confirm_open(0);
  (void)peer.received();
  const std::string text(5000, 'x');
  const auto send_all = [&] {
    std::size_t sent = 0;
    while (const auto n = peer.engine().send_data(0, DataType::standard, as_bytes(text))) sent += n;
    std::size_t on_the_wire = 0;
    for (const auto& payload : peer.received()) {
      WireReader reader(Bytes(payload).subspan(5));
      const std::size_t size = reader.string().size();
      EXPECT_TRUE(reader.done());
      EXPECT_LE(size, 100U);
      on_the_wire += size;
    }
    EXPECT_EQ(sent, on_the_wire);
    return sent;
  };
  EXPECT_EQ(send_all(), 1000U);
  ASSERT_TRUE(peer.adjust(0, 500));
  EXPECT_EQ(send_all(), 500U);
  ASSERT_TRUE(peer.adjust(0, 1));
  EXPECT_EQ(send_all(), 1U);
  EXPECT_EQ(send_all(), 0U);
  EXPECT_THAT(peer.log(), ElementsAre("open 0 session", "writable 0", "writable 0"));
}

// russh GHSA-h5rc-j5f5-3gcm: the sum wrapped.
TEST(Channels, WindowAboveThe32BitLimitDisconnects) {
  RawPeer peer;
  ASSERT_TRUE(peer.open(7, 0xffffffff, 100));
  peer.engine().confirm_open(0);
  EXPECT_TRUE(peer.adjust(0, 0));
  EXPECT_FALSE(peer.adjust(0, 1));
  EXPECT_EQ(peer.error(), Errc::window_overflow);
}

TEST(Channels, AdjustmentsForUnknownAndEndedChannelsAreIgnored) {
  Open peer;
  EXPECT_TRUE(peer.adjust(55, 100));
  peer.engine().send_eof(0);
  EXPECT_TRUE(peer.adjust(0, 100));
  EXPECT_TRUE(peer.bare(msg::channel_close, 0));
  EXPECT_TRUE(peer.adjust(0, 100));
  EXPECT_THAT(peer.log(), ElementsAre("closed 0"));
}

TEST(Channels, DataWithinTheWindowArrivesAndBeyondItDisconnects) {
  Open peer(link_config(10));
  ASSERT_TRUE(peer.data(0, "0123456789"));
  EXPECT_THAT(peer.log(), ElementsAre("data 0 0123456789"));
  EXPECT_FALSE(peer.data(0, "x"));
  EXPECT_EQ(peer.error(), Errc::window_exceeded);
}

TEST(Channels, CreditGoesBackWhenHalfTheWindowIsConsumed) {
  Open peer(link_config(100));
  ASSERT_TRUE(peer.data(0, std::string(80, 'x')));
  peer.engine().consumed(0, 49);
  EXPECT_THAT(peer.received(), IsEmpty());
  peer.engine().consumed(0, 1);
  const auto payloads = peer.received();
  ASSERT_EQ(payloads.size(), 1U);
  WireReader reader(payloads[0]);
  EXPECT_EQ(reader.byte(), msg::channel_window_adjust);
  EXPECT_EQ(reader.u32(), 7U);
  EXPECT_EQ(reader.u32(), 50U);
  EXPECT_TRUE(peer.data(0, std::string(70, 'x')));
  EXPECT_FALSE(peer.data(0, "x"));
}

TEST(Channels, ConsumingMoreThanArrivedGivesNoExtraCredit) {
  Open peer(link_config(100));
  ASSERT_TRUE(peer.data(0, std::string(60, 'x')));
  peer.engine().consumed(0, 1'000'000'000);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(93));
  ASSERT_TRUE(peer.data(0, std::string(100, 'x')));
  EXPECT_FALSE(peer.data(0, "x"));
}

TEST(Channels, WindowOfOneByteStillMoves) {
  Open peer(link_config(1));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(peer.data(0, "x"));
    peer.engine().consumed(0, 1);
    EXPECT_THAT(peer.received_numbers(), ElementsAre(93));
  }
}

TEST(Channels, NoCreditAfterTheEnd) {
  Open peer(link_config(100));
  ASSERT_TRUE(peer.data(0, std::string(100, 'x')));
  ASSERT_TRUE(peer.bare(msg::channel_eof, 0));
  peer.engine().consumed(0, 100);
  EXPECT_THAT(peer.received(), IsEmpty());
}

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

TEST(Channels, ExtendedDataOfOtherTypesIsDroppedWithItsCredit) {
  Open peer(link_config(100));
  ASSERT_TRUE(peer.extended(0, 1, "err"));
  EXPECT_THAT(peer.log(), ElementsAre("stderr 0 err"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(peer.extended(0, 2, std::string(50, 'x'))) << i;
  EXPECT_THAT(peer.log(), IsEmpty());
  EXPECT_FALSE(peer.received().empty());
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

TEST(Channels, MessagesForUnknownChannelsDisconnect) {
  for (const std::uint8_t number :
       {msg::channel_open_confirmation, msg::channel_open_failure, msg::channel_data,
        msg::channel_extended_data, msg::channel_eof, msg::channel_close, msg::channel_request,
        msg::channel_success, msg::channel_failure}) {
    RawPeer peer;
    EXPECT_FALSE(peer.bare(number, 4)) << int{number};
    EXPECT_EQ(peer.error(), Errc::unknown_channel) << int{number};
  }
}

TEST(Channels, MessagesBeforeTheDecisionDisconnect) {
  for (const std::uint8_t number : {msg::channel_eof, msg::channel_close, msg::channel_success}) {
    RawPeer offered;
    ASSERT_TRUE(offered.open(7));
    EXPECT_FALSE(offered.bare(number, 0));
    RawPeer requested;
    ASSERT_TRUE(requested.engine().open_channel("session", {}));
    EXPECT_FALSE(requested.bare(number, 0));
  }
}

TEST(Channels, ConfirmationsThatNobodyWaitsForDisconnect) {
  Open confirmed;
  EXPECT_FALSE(confirmed.confirm(0, 9));
  EXPECT_EQ(confirmed.error(), Errc::unexpected_message);
  RawPeer offered;
  ASSERT_TRUE(offered.open(7));
  EXPECT_FALSE(offered.confirm(0, 9));
}

TEST(Channels, ChannelGivenUpBeforeItsConfirmationIsClosedThen) {
  RawPeer peer;
  ASSERT_EQ(*peer.engine().open_channel("session", {}), 0U);
  peer.engine().close_channel(0);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(90));
  ASSERT_TRUE(peer.confirm(0, 7));
  EXPECT_THAT(peer.received_numbers(), ElementsAre(97));
  ASSERT_TRUE(peer.data(0, "late"));
  ASSERT_TRUE(peer.bare(msg::channel_close, 0));
  EXPECT_THAT(peer.log(), ElementsAre("closed 0"));
}

TEST(Channels, UndecidedChannelThatIsClosedIsRefused) {
  RawPeer peer;
  ASSERT_TRUE(peer.open(7));
  peer.engine().close_channel(0);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(92));
}

TEST(Channels, PreparedSlotIsSentInPlaceAndCanBeGivenBack) {
  Open peer;
  const MutableBytes slot = peer.engine().prepare_data(0, DataType::stderr_, 4096);
  ASSERT_EQ(slot.size(), 100U);
  std::ranges::copy(as_bytes("hello"), slot.begin());
  peer.engine().commit_data(5);
  const auto payloads = peer.received();
  ASSERT_EQ(payloads.size(), 1U);
  WireReader reader(payloads[0]);
  EXPECT_EQ(reader.byte(), msg::channel_extended_data);
  EXPECT_EQ(reader.u32(), 7U);
  EXPECT_EQ(reader.u32(), 1U);
  EXPECT_EQ(reader.text(), "hello");
  EXPECT_TRUE(reader.done());

  EXPECT_EQ(peer.engine().prepare_data(0, DataType::standard, 10).size(), 10U);
  peer.engine().commit_data(0);
  peer.engine().commit_data(3);  // nothing is prepared
  EXPECT_THAT(peer.received(), IsEmpty());
  std::size_t left = 0;
  while (const auto n = peer.engine().send_data(0, DataType::standard, as_bytes(std::string(100, 'x'))))
    left += n;
  EXPECT_EQ(left, 995U);
}

// CN-17: whoever takes over a client's connection cannot open another session on it.
TEST(Channels, SessionAfterNoMoreSessionsDisconnects) {
  RawPeer peer;
  peer.open(7);
  peer.global("no-more-sessions@openssh.com", true);
  EXPECT_THAT(peer.log(), ElementsAre("open 0 session", "global no-more-sessions@openssh.com want"));
  EXPECT_TRUE(peer.open(8, 1000, 100, "direct-tcpip"));
  EXPECT_FALSE(peer.open(9));
  EXPECT_EQ(peer.error(), Errc::unexpected_message);
}

}  // namespace
}  // namespace fairlead::ssh::test
