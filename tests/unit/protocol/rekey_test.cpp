// SPDX-License-Identifier: Apache-2.0
// Rekeys of all kinds, while both sides talk.
#include "protocol/message_numbers.hpp"
#include "unit/protocol/plain_client.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;

TEST(StrictKex, SequenceNumbersStartAgainWithEveryNewKeys) {
  Pair pair;
  pair.authenticate();
  const auto sent = [&](TransportPeer& peer) { return peer.transport().writer().sequence(); };
  EXPECT_LE(sent(pair.server), 2U);  // EXT_INFO, SERVICE_ACCEPT
  for (int i = 0; i < 50; ++i) pair.client.transport().send(Payload(msg::ignore, "count me"));
  pair.connect();
  EXPECT_GE(sent(pair.client), 50U);
  pair.server.transport().start_rekey();
  pair.connect();
  EXPECT_EQ(sent(pair.client), 0U);
  EXPECT_EQ(sent(pair.server), 0U);
  EXPECT_EQ(pair.server.transport().reader().sequence(), 0U);
  EXPECT_EQ(pair.client.transport().reader().sequence(), 0U);
}

TEST(Rekey, EitherSideOrBothAtOnce) {
  enum class Starter { server, client, both };
  for (const auto starter : {Starter::server, Starter::client, Starter::both}) {
    for (const std::size_t piece : {0U, 1U}) {
      Pair pair;
      pair.authenticate();
      const auto session_bytes = pair.server.transport().session_id();
      const std::vector<std::byte> session(session_bytes.begin(), session_bytes.end());
      if (starter != Starter::client) pair.server.transport().start_rekey();
      if (starter != Starter::server) pair.client.transport().start_rekey();
      pair.connect({.fixed = piece});
      EXPECT_THAT(pair.server.log(),
                  ElementsAre("SignatureWanted ssh-ed25519", "Writable all", "KeysReady again"));
      EXPECT_THAT(pair.client.log(), testing::UnorderedElementsAre("Writable all", "KeysReady again"));
      EXPECT_TRUE(equal(pair.server.transport().session_id(), session));
      EXPECT_TRUE(equal(pair.client.transport().session_id(), session));
      pair.client.transport().send(Payload(msg::global_request, "after"));
      pair.connect();
      EXPECT_EQ(pair.server.messages().size(), 1U);
    }
  }
}

// KX-4: the packets between our KEXINIT and our NEWKEYS are a key exchange's and nothing else's.
TEST(Rekey, HoldsBackWhatIsSentMeanwhileAndKeepsItsOrder) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().start_rekey();
  EXPECT_FALSE(pair.server.transport().gate_open());
  EXPECT_TRUE(pair.server.transport().begin_packet(10).empty());
  pair.server.transport().send(Payload(msg::global_request, "first"));
  pair.server.transport().send(Payload(msg::channel_close, std::uint32_t{1}));
  const std::size_t backlog = pair.server.transport().control_backlog();
  pair.connect();
  EXPECT_THAT(pair.client.numbers(), ElementsAre(msg::global_request, msg::channel_close));
  EXPECT_TRUE(pair.server.transport().gate_open());
  EXPECT_GT(pair.server.transport().control_backlog(), backlog);
}

// What the peer sent before it saw our KEXINIT is still good.
TEST(Rekey, DataInFlightArrives) {
  Pair pair;
  pair.authenticate();
  pair.client.transport().send(Payload(msg::channel_data, std::uint32_t{0}, "in flight"));
  pair.server.transport().start_rekey();
  pair.connect();
  EXPECT_EQ(pair.server.messages().size(), 1U);
  EXPECT_TRUE(pair.server.told("KeysReady again"));
}

// KX-5: after the peer's KEXINIT its queue would be ours to keep (OpenSSH 72b05ecd1, Dropbear 2026.92).
TEST(Rekey, DataAfterThePeersKexinitIsRefused) {
  Pair pair;
  pair.authenticate();
  pair.client.transport().start_rekey();
  ASSERT_TRUE(
      pair.client.transport().writer().write(Payload(msg::channel_data, std::uint32_t{0}, "too late")));
  pair.connect();
  EXPECT_EQ(pair.server.failure(), Errc::unexpected_message);
  EXPECT_TRUE(pair.client.told("Disconnected 2 message not allowed in this state"));
}

TEST(Rekey, IgnoreAndDebugMayComeDuringIt) {
  Pair pair;
  pair.authenticate();
  pair.client.transport().start_rekey();
  ASSERT_TRUE(pair.client.transport().writer().write(Payload(msg::ignore, "noise")));
  pair.connect();
  EXPECT_TRUE(pair.server.told("KeysReady again"));
}

TEST(Rekey, SecondKexinitIsRefused) {
  Pair pair;
  pair.authenticate();
  pair.client.transport().start_rekey();
  ASSERT_TRUE(pair.client.transport().writer().write(KexInitLists{}.payload()));
  pair.connect();
  EXPECT_EQ(pair.server.failure(), Errc::unexpected_message);
}

// TH-6, CVE-2025-22869 (x/crypto): replies pile up when a peer lets us wait for its KEXINIT.
TEST(Rekey, WhatIsHeldBackHasABound) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().start_rekey();
  const std::string filler(60'000, 'x');
  for (int i = 0; i < 4; ++i) pair.server.transport().send(Payload(msg::request_success, filler));
  EXPECT_FALSE(pair.server.transport().ended());
  pair.server.transport().send(Payload(msg::request_success, filler));
  EXPECT_TRUE(pair.server.transport().ended());
  pair.server.work();
  EXPECT_EQ(pair.server.failure(), Errc::output_overflow);
}

TEST(Rekey, StartsByItselfAfterTheConfiguredBytes) {
  for (const bool by_receiving : {false, true}) {
    EngineConfig config = server_config();
    config.rekey_bytes = 10'000;
    Pair pair(config);
    pair.authenticate();
    auto& sender = by_receiving ? pair.client : pair.server;
    for (int i = 0; i < 12 && !pair.server.told("KeysReady again"); ++i) {
      const MutableBytes slot = sender.transport().begin_packet(1000);
      ASSERT_EQ(slot.size(), 1000U);
      slot[0] = std::byte{msg::channel_data};
      sender.transport().end_packet(1000);
      pair.connect();
    }
    EXPECT_EQ(pair.server.count("KeysReady again"), 1U);
    EXPECT_EQ(pair.client.count("KeysReady again"), 1U);
  }
}

struct ByteLimit {
  std::string cipher;
  std::uint64_t configured, bytes;
};

void expect_rekey_beyond(const ByteLimit& limit, bool by_receiving) {
  EngineConfig server = server_config(), client = client_config();
  server.rekey_bytes = limit.configured;
  client.algorithms.ciphers = {limit.cipher};
  Pair pair(server, client);
  pair.authenticate();
  auto& sender = by_receiving ? pair.client : pair.server;
  auto& transport = pair.server.transport();
  auto& keys = by_receiving ? transport.reader().keys() : transport.writer().keys();
  for (const std::uint64_t so_far : {limit.bytes - 1000, limit.bytes}) {
    keys.set_bytes(so_far);
    sender.transport().send(Payload(msg::global_request, "counts"));
    pair.connect();
    EXPECT_EQ(pair.server.count("KeysReady again"), so_far == limit.bytes ? 1U : 0U);
  }
  EXPECT_LT(keys.bytes(), 1000U) << "the new keys' own";
}

// PK-8, RFC 4344 section 3.2: 2^32 blocks of 16 bytes, or a gigabyte of 8; what is configured cannot be more.
TEST(Rekey, StartsByItselfAfterTheBytesThatItsCipherBears) {
  constexpr std::uint64_t none = 0, gigabyte = std::uint64_t{1} << 30, most = ~none;
  for (const ByteLimit& limit :
       {ByteLimit{"aes128-gcm@openssh.com", none, 64 * gigabyte},
        ByteLimit{"aes256-ctr", most, 64 * gigabyte}, ByteLimit{"aes128-gcm@openssh.com", gigabyte, gigabyte},
        ByteLimit{"chacha20-poly1305@openssh.com", none, gigabyte},
        ByteLimit{"chacha20-poly1305@openssh.com", most, gigabyte}}) {
    SCOPED_TRACE(limit.cipher + ' ' + std::to_string(limit.bytes));
    expect_rekey_beyond(limit, false);
    expect_rekey_beyond(limit, true);
  }
}

TEST(Rekey, StartsByItselfAfterTheInterval) {
  Pair pair;
  pair.authenticate();
  pair.server.now += std::chrono::minutes(59);
  pair.server.transport().check_rekey(pair.server.now);
  EXPECT_TRUE(pair.server.transport().gate_open());
  pair.server.now += std::chrono::minutes(2);
  pair.server.transport().check_rekey(pair.server.now);
  EXPECT_FALSE(pair.server.transport().gate_open());
  pair.connect();
  EXPECT_TRUE(pair.server.told("KeysReady again"));
  pair.server.transport().check_rekey(pair.server.now);
  EXPECT_TRUE(pair.server.transport().gate_open());
}

// PK-8, RFC 4344 section 3.1: 2^31 packets in either direction, by whichever side counts them first.
TEST(Rekey, StartsByItselfAfterTwoToTheThirtyOnePackets) {
  for (const bool by_receiving : {false, true}) {
    Pair pair;
    pair.authenticate();
    auto& server = pair.server.transport();
    (by_receiving ? server.reader().keys() : server.writer().keys()).set_packets(limits::rekey_packets);
    auto& sender = by_receiving ? pair.client : pair.server;
    for (int i = 0; i < 3; ++i) {
      EXPECT_EQ(pair.server.count("KeysReady again"), i == 0 ? 0U : 1U);
      sender.transport().send(Payload(msg::global_request, "counts"));
      pair.connect();
    }
    EXPECT_EQ(pair.client.count("KeysReady again"), 1U);
  }
}

// PK-8: rather no connection than a nonce twice.
TEST(Rekey, OneKeySealsNoMorePacketsThanItMay) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().start_rekey();  // which the client never answers
  pair.server.take_output();
  pair.server.transport().writer().keys().set_packets(limits::packets_per_key);
  pair.server.transport().disconnect(DisconnectReason::by_application, "not even this");
  EXPECT_TRUE(pair.server.take_output().empty());
  Pair receiving;
  receiving.authenticate();
  receiving.server.transport().start_rekey();
  receiving.server.take_output();
  receiving.server.transport().reader().keys().set_packets(limits::packets_per_key);
  receiving.client.transport().send(Payload(msg::global_request, "one too many"));
  receiving.server.receive(receiving.client.take_output());
  EXPECT_EQ(receiving.server.failure(), Errc::key_exhausted);
  EXPECT_TRUE(receiving.server.messages().empty());
}

TEST(Rekey, ThatThePeerDoesNotFinishTimesOut) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().start_rekey();
  pair.server.transport().check_rekey(pair.server.now);
  pair.server.now += limits::key_exchange_deadline + std::chrono::seconds(1);
  pair.server.transport().check_rekey(pair.server.now);
  pair.server.work();
  EXPECT_EQ(pair.server.failure(), Errc::timeout);
}

// PK-9.
TEST(Rekey, NotOnVolumeBeforeAuthentication) {
  EngineConfig config = server_config();
  config.rekey_bytes = 100;
  Pair pair(config);
  pair.connect();
  for (int i = 0; i < 20; ++i)
    pair.client.transport().send(Payload(msg::ignore, "some volume, more than 100 bytes"));
  pair.connect();
  EXPECT_FALSE(pair.server.error());
  EXPECT_TRUE(pair.server.transport().gate_open());
  pair.server.transport().reader().keys().set_packets(limits::rekey_packets + 1);
  pair.client.transport().send(Payload(msg::ignore, "one more"));
  pair.connect();
  EXPECT_EQ(pair.server.failure(), Errc::key_exhausted);
}

void expect_end_beyond_the_cipher(bool by_receiving) {
  Pair pair;
  pair.connect();
  auto& transport = pair.server.transport();
  auto& keys = by_receiving ? transport.reader().keys() : transport.writer().keys();
  auto& sender = by_receiving ? pair.client : pair.server;
  for (const std::uint64_t so_far : {limits::rekey_bytes, std::uint64_t{1} << 36}) {
    EXPECT_FALSE(pair.server.error());
    keys.set_bytes(so_far);
    sender.transport().send(Payload(msg::ignore, "one more"));
    pair.connect();
  }
  pair.server.work();
  EXPECT_EQ(pair.server.failure(), Errc::key_exhausted);
  EXPECT_TRUE(pair.server.log().back().starts_with("KeysReady first")) << "no rekey";
}

// PK-9: nor beyond what the cipher bears, in either direction.
TEST(Rekey, ACiphersBytesBeforeAuthenticationEndTheConnection) {
  expect_end_beyond_the_cipher(false);
  expect_end_beyond_the_cipher(true);
}

// KX-9: a rekey before authentication disturbs nothing, but nobody needs many.
TEST(Rekey, BeforeAuthenticationIsBounded) {
  Pair pair;
  pair.connect();
  for (unsigned i = 1; i < limits::early_key_exchanges; ++i) {
    pair.client.transport().start_rekey();
    pair.connect();
    EXPECT_EQ(pair.server.count("KeysReady again"), i);
  }
  EXPECT_EQ(pair.server.transport().phase(), Phase::auth);
  pair.client.transport().start_rekey();
  pair.connect();
  EXPECT_TRUE(pair.server.error());
}

TEST(Rekey, ManyWithBothSidesSendingLoseNothing) {
  FixedRandom random(7);
  Pair pair;
  pair.authenticate();
  std::uint32_t sent[2] = {0, 0};
  for (int round = 0; round < 60; ++round) {
    if (random.below(4) == 0) pair.server.transport().start_rekey();
    if (random.below(4) == 0) pair.client.transport().start_rekey();
    for (auto* peer : {&pair.server, &pair.client})
      for (std::size_t i = random.below(3); i > 0; --i)
        peer->transport().send(Payload(msg::channel_window_adjust, sent[peer == &pair.client]++));
    if (random.below(2) == 0) pair.connect({.random = &random});
  }
  pair.connect({.random = &random});
  for (auto* peer : {&pair.server, &pair.client}) {
    const auto& messages = peer->messages();
    ASSERT_EQ(messages.size(), sent[peer == &pair.server]);
    for (std::uint32_t i = 0; i < messages.size(); ++i)
      EXPECT_EQ(WireReader(Bytes(messages[i]).subspan(1)).u32(), i);
  }
}

}  // namespace
}  // namespace fairlead::ssh::test
