// SPDX-License-Identifier: Apache-2.0
// Channel messages that are cut off or go on too long, and what comes after them.
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::IsEmpty;

TEST(Channels, TruncatedMessagesDisconnectAndNeverCrash) {
  const auto session = make_message([](WireWriter& w) {
    w.byte(msg::channel_open).string(std::string_view("session")).u32(7).u32(1000).u32(100);
  });
  const auto data =
      make_message([](WireWriter& w) { w.byte(msg::channel_data).u32(0).string(std::string_view("hello")); });
  const auto extended = make_message([](WireWriter& w) {
    w.byte(msg::channel_extended_data).u32(0).u32(1).string(std::string_view("hello"));
  });
  const auto request = make_message([](WireWriter& w) {
    w.byte(msg::channel_request).u32(0).string(std::string_view("shell")).boolean(true);
  });
  const auto adjust = make_message([](WireWriter& w) { w.byte(msg::channel_window_adjust).u32(0).u32(5); });
  const auto eof = make_message([](WireWriter& w) { w.byte(msg::channel_eof).u32(0); });
  const auto global = make_message(
      [](WireWriter& w) { w.byte(msg::global_request).string(std::string_view("keepalive")).boolean(true); });
  for (const auto& message : {session, data, extended, request, adjust, eof, global}) {
    for (std::size_t size = 1; size < message.size(); ++size) {
      Open peer;
      EXPECT_FALSE(peer.send(Bytes(message).first(size))) << int(message[0]) << " cut to " << size;
      EXPECT_EQ(peer.error(), Errc::bad_message);
    }
    Open peer;
    EXPECT_TRUE(peer.send(message)) << int(message[0]);
  }
}

TEST(Channels, TrailingBytesAreRefused) {
  for (const std::uint8_t number : {msg::channel_eof, msg::channel_close, msg::channel_success}) {
    Open peer;
    EXPECT_FALSE(peer.send([&](WireWriter& w) { w.byte(number).u32(0).byte(0); }));
  }
  Open peer;
  EXPECT_FALSE(peer.send(
      [&](WireWriter& w) { w.byte(msg::channel_data).u32(0).string(std::string_view("x")).byte(0); }));
}

TEST(Channels, NothingHappensAfterAnError) {
  Open peer;
  ASSERT_FALSE(peer.data(99, "x"));
  (void)peer.received();
  peer.engine().send_data(0, DataType::standard, as_bytes("x"));
  peer.engine().close_channel(0);
  peer.engine().send_global_request("x", true, {});
  EXPECT_FALSE(peer.engine().open_channel("session", {}).has_value());
  EXPECT_THAT(peer.received(), IsEmpty());
}

}  // namespace
}  // namespace fairlead::ssh::test
