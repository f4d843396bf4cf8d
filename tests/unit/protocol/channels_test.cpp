// SPDX-License-Identifier: Apache-2.0
// Channels against a peer made by hand: how they are opened, refused and counted, and who speaks too early.
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Channels, ConfirmationCarriesBothNumbersWindowAndMaximumPacketSize) {
  RawPeer peer(link_config(1000, 100));
  ASSERT_TRUE(peer.open(0xdeadbeef));
  peer.engine().confirm_open(0, as_bytes("extra"));
  const auto payload = peer.received_one();
  WireReader reader(payload);
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
  const auto payload = peer.received_one();
  WireReader reader(payload);
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
