// SPDX-License-Identifier: Apache-2.0
// Data on channels against a peer made by hand: windows and packet sizes, exact to the byte.
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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

// CN-4: the window bounds what we hold, so a peer that sends more at once than we announced is served all the
// same; one byte over the window ends it, also where nobody listens any more.
TEST(Channels, TheWindowCountsAndNotTheMaximumPacketSize) {
  for (const bool closed : {false, true}) {
    Open peer(link_config(1000, 100));
    if (closed) peer.engine().close_channel(0);
    ASSERT_TRUE(peer.data(0, std::string(999, 'x')));
    ASSERT_TRUE(peer.extended(0, 1, "y"));
    EXPECT_EQ(peer.log().size(), closed ? 0U : 2U);
    EXPECT_FALSE(peer.data(0, "z"));
    EXPECT_EQ(peer.error(), Errc::window_exceeded);
  }
}

TEST(Channels, CreditGoesBackWhenHalfTheWindowIsConsumed) {
  Open peer(link_config(100));
  ASSERT_TRUE(peer.data(0, std::string(80, 'x')));
  peer.engine().consumed(0, 49);
  EXPECT_THAT(peer.received(), IsEmpty());
  peer.engine().consumed(0, 1);
  const auto payload = peer.received_one();
  WireReader reader(payload);
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

TEST(Channels, ExtendedDataOfOtherTypesIsDroppedWithItsCredit) {
  Open peer(link_config(100));
  ASSERT_TRUE(peer.extended(0, 1, "err"));
  EXPECT_THAT(peer.log(), ElementsAre("stderr 0 err"));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(peer.extended(0, 2, std::string(50, 'x'))) << i;
  EXPECT_THAT(peer.log(), IsEmpty());
  EXPECT_FALSE(peer.received().empty());
}

TEST(Channels, PreparedSlotIsSentInPlaceAndCanBeGivenBack) {
  Open peer;
  const MutableBytes slot = peer.engine().prepare_data(0, DataType::stderr_, 4096);
  ASSERT_EQ(slot.size(), 100U);
  std::ranges::copy(as_bytes("hello"), slot.begin());
  peer.engine().commit_data(5);
  const auto payload = peer.received_one();
  WireReader reader(payload);
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

}  // namespace
}  // namespace fairlead::ssh::test
