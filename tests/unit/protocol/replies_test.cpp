// SPDX-License-Identifier: Apache-2.0
// Requests and replies of the connection protocol: their order, their bounds, and replies that nobody asked
// for.
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Replies, LeaveInTheOrderOfTheRequestsWhateverOrderTheAnswersHave) {
  Open peer;
  for (const char* name : {"a", "b", "c", "d", "e", "f"}) ASSERT_TRUE(peer.request(0, name, true));
  const auto& tickets = peer.speaker.tickets;
  ASSERT_EQ(tickets.size(), 6U);
  peer.engine().reply(0, tickets[5], false);
  peer.engine().reply(0, tickets[1], false);
  EXPECT_THAT(peer.received(), IsEmpty());
  peer.engine().reply(0, tickets[0], true);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(99, 100));
  peer.engine().reply(0, tickets[0], false);  // the first answer counts
  peer.engine().reply(0, tickets[3], true);
  peer.engine().reply(0, tickets[4], true);
  peer.engine().reply(0, tickets[2], true);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(99, 99, 99, 100));
}

TEST(Replies, AreNotSentWhenNotWanted) {
  Open peer;
  ASSERT_TRUE(peer.request(0, "signal", false));
  EXPECT_THAT(peer.log(), ElementsAre("request 0 signal"));
  peer.engine().reply(0, peer.speaker.tickets.at(0), true);
  EXPECT_THAT(peer.received(), IsEmpty());
}

TEST(Replies, OfUnknownTicketsAreIgnored) {
  Open peer;
  ASSERT_TRUE(peer.request(0, "shell", true));
  peer.engine().reply(0, peer.speaker.tickets.at(0) + 1, true);
  peer.engine().reply(0, 0xffffffff, true);
  peer.engine().reply(5, peer.speaker.tickets.at(0), true);
  EXPECT_THAT(peer.received(), IsEmpty());
}

TEST(Replies, RequestsAboveTheLimitAreRefusedInOrderWithoutAsking) {
  Open peer;
  const auto asked = limits::unanswered_requests;
  for (std::size_t i = 0; i < asked + 10; ++i) ASSERT_TRUE(peer.request(0, "shell", true));
  EXPECT_EQ(peer.log().size(), asked);
  EXPECT_THAT(peer.received(), IsEmpty());
  for (const auto ticket : peer.speaker.tickets) peer.engine().reply(0, ticket, true);
  const auto numbers = peer.received_numbers();
  ASSERT_EQ(numbers.size(), asked + 10);
  EXPECT_EQ(std::ranges::count(numbers, 99), static_cast<long>(asked));
  EXPECT_THAT(std::vector(numbers.end() - 10, numbers.end()), Each(100));
}

TEST(Replies, FloodOfRequestsThatWaitIsBounded) {
  Open peer;
  std::size_t taken = 0;
  while (taken < 100'000 && peer.request(0, "shell", true)) ++taken;
  EXPECT_EQ(taken, limits::unanswered_requests + limits::refused_requests);
  EXPECT_EQ(peer.error(), Errc::unexpected_message);
}

TEST(Replies, FloodOfGlobalRequestsThatWaitIsBounded) {
  RawPeer peer;
  std::size_t taken = 0;
  while (taken < 100'000 && peer.global("keepalive@openssh.com", true)) ++taken;
  EXPECT_EQ(taken, limits::unanswered_requests + limits::refused_requests);
}

TEST(Replies, AnsweredFloodCountsAsBacklogUntilTheOutputIsTaken) {
  RawPeer peer;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(peer.global("keepalive@openssh.com", true));
    peer.engine().reply_global(peer.speaker.tickets.back(), false);
  }
  EXPECT_EQ(peer.engine().control_backlog(), peer.engine().output().size());
  EXPECT_GE(peer.engine().control_backlog(), 1000U);
  (void)peer.received();
  EXPECT_EQ(peer.engine().control_backlog(), 0U);
}

TEST(Replies, RequestsWithOverlongNamesAreRefusedWithoutAsking) {
  Open peer;
  const std::string name(limits::request_name + 1, 'x');
  ASSERT_TRUE(peer.request(0, name, false));
  EXPECT_THAT(peer.received(), IsEmpty());
  ASSERT_TRUE(peer.request(0, name, true));
  ASSERT_TRUE(peer.global(name, true));
  ASSERT_TRUE(peer.global(name, false));
  ASSERT_TRUE(peer.open(8, 1000, 100, name));
  EXPECT_THAT(peer.received_numbers(), ElementsAre(100, 82, 92));
  EXPECT_THAT(peer.log(), IsEmpty());
}

TEST(Replies, GlobalAnswersKeepOrderAndPayload) {
  RawPeer peer;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(peer.global("tcpip-forward", true));
  const auto tickets = peer.speaker.tickets;
  ASSERT_EQ(tickets.size(), limits::unanswered_requests);
  for (std::size_t i = tickets.size(); i-- > 0;) {
    EXPECT_THAT(peer.received(), IsEmpty());
    peer.engine().reply_global(tickets[i], i % 2 == 0,
                               as_bytes(std::string(1, static_cast<char>('a' + i % 26))));
  }
  const auto payloads = peer.received();
  ASSERT_EQ(payloads.size(), 50U);
  for (std::size_t i = 0; i < tickets.size(); ++i) {
    EXPECT_EQ(std::to_integer<int>(payloads[i][0]), i % 2 == 0 ? 81 : 82);
    EXPECT_EQ(as_text(Bytes(payloads[i]).subspan(1)), std::string(1, static_cast<char>('a' + i % 26)));
  }
  for (std::size_t i = tickets.size(); i < 50; ++i) EXPECT_EQ(std::to_integer<int>(payloads[i][0]), 82);
}

// CVE-2026-39830: x/crypto's reader blocked for ever on a reply that nobody waited for.
TEST(Replies, UnsolicitedOnesAreDropped) {
  Open peer;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(peer.bare(msg::channel_success, 0));
    ASSERT_TRUE(peer.bare(msg::channel_failure, 0));
    ASSERT_TRUE(peer.send([](WireWriter& w) { w.byte(msg::request_success); }));
    ASSERT_TRUE(peer.send([](WireWriter& w) { w.byte(msg::request_failure); }));
  }
  EXPECT_THAT(peer.log(), IsEmpty());
  peer.engine().send_request(0, "exec", true, {});
  peer.engine().send_request(0, "env", false, {});
  peer.engine().send_global_request("setup@fairlead", true, {});
  ASSERT_TRUE(peer.bare(msg::channel_failure, 0));
  ASSERT_TRUE(peer.bare(msg::channel_success, 0));
  ASSERT_TRUE(peer.send([](WireWriter& w) { w.byte(msg::request_success).raw(as_bytes("port")); }));
  ASSERT_TRUE(peer.send([](WireWriter& w) { w.byte(msg::request_success).raw(as_bytes("port")); }));
  EXPECT_THAT(peer.log(), ElementsAre("reply 0 no", "global-reply ok port"));
}

TEST(Replies, StopWithTheClose) {
  Open peer;
  ASSERT_TRUE(peer.request(0, "a", true));
  ASSERT_TRUE(peer.bare(msg::channel_close, 0));
  peer.engine().reply(0, peer.speaker.tickets.at(0), true);
  EXPECT_THAT(peer.received(), IsEmpty());
  peer.engine().close_channel(0);
  EXPECT_THAT(peer.received_numbers(), ElementsAre(97));
}

TEST(Replies, RequestCarriesItsPayload) {
  Open peer;
  peer.engine().send_request(0, "exec", true, ExecRequest{"true"}.encode());
  const auto payloads = peer.received();
  ASSERT_EQ(payloads.size(), 1U);
  WireReader reader(payloads[0]);
  EXPECT_EQ(reader.byte(), msg::channel_request);
  EXPECT_EQ(reader.u32(), 7U);
  EXPECT_EQ(reader.text(), "exec");
  EXPECT_TRUE(reader.boolean());
  EXPECT_EQ(ExecRequest::decode(reader.rest())->command, "true");
}

}  // namespace
}  // namespace fairlead::ssh::test
