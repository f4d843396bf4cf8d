// SPDX-License-Identifier: Apache-2.0
// Attacks of the last years on SSH transports, each as it was done and by its name. Those whose defence has a
// test elsewhere are not repeated here: docs/security.md has the list.
#include "crypto/packet_cipher.hpp"
#include "protocol/message_numbers.hpp"
#include "unit/protocol/plain_client.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <gmock/gmock.h>

#include <tuple>

namespace fairlead::ssh::test {
namespace {

using testing::IsEmpty;

EngineConfig with_chacha(EngineConfig config) {
  config.algorithms.key_exchanges = {"curve25519-sha256"};
  config.algorithms.ciphers = {"chacha20-poly1305@openssh.com"};
  return config;
}

// The first line of `bytes` and, behind it, its first `count` packets in the clear; taken away from it.
std::vector<std::byte> take_plain(std::vector<std::byte>& bytes, std::size_t count, bool with_line) {
  std::size_t size = with_line ? as_text(bytes).find('\n') + 1 : 0;
  for (; count > 0; --count) size += 4 + load_u32(bytes.data() + size);
  const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(size);
  std::vector<std::byte> front(bytes.begin(), end);
  bytes.erase(bytes.begin(), end);
  return front;
}

// --- CVE-2023-48795, Terrapin: the man in the middle hides one packet behind the handshake and pays for it
// with an IGNORE before the keys, so that the sequence numbers fit again.

TEST(Terrapin, CVE_2023_48795_AnIgnoreBeforeTheKexinitIsNoticed) {
  Pair pair(server_config(), with_chacha(client_config()));
  auto hello = pair.server.take_output();
  pair.client.receive(take_plain(hello, 0, true));
  pair.client.receive(plain_packet(Payload(msg::ignore, "one too many")));
  pair.client.receive(hello);
  EXPECT_EQ(pair.client.failure(), Errc::unexpected_message);
}

TEST(Terrapin, CVE_2023_48795_AnIgnoreDuringTheKeyExchangeIsNoticed) {
  Pair pair(server_config(), with_chacha(client_config()));
  pair.client.receive(pair.server.take_output());
  pair.client.receive(plain_packet(Payload(msg::ignore, "one too many")));
  EXPECT_EQ(pair.client.failure(), Errc::unexpected_message);
}

TEST(Terrapin, CVE_2023_48795_TheFirstSealedPacketCannotBeCutOff) {
  Pair pair(server_config(), with_chacha(client_config()));
  pair.client.receive(pair.server.take_output());
  pair.server.receive(pair.client.take_output());
  auto answer = pair.server.take_output();
  pair.client.receive(take_plain(answer, 2, false));  // KEX_REPLY and NEWKEYS
  pair.server.receive(pair.client.take_output());
  ASSERT_FALSE(answer.empty());  // EXT_INFO, which the attacker keeps
  const auto rest = pair.server.take_output();
  ASSERT_FALSE(rest.empty());
  pair.client.receive(rest);
  // Under the wrong number even the length is nonsense: it is too big, or what it announces has no valid tag.
  EXPECT_THAT(pair.client.log(), testing::Not(testing::Contains("KeysReady first")));
  pair.client.receive(std::vector<std::byte>(limits::packet_length + 100));
  EXPECT_TRUE(pair.client.error());
}

EngineConfig strict(EngineConfig config) {
  config.require_strict_kex = true;
  return config;
}

// An application may refuse peers that cannot be protected.
TEST(Terrapin, CVE_2023_48795_PeersWithoutStrictKeyExchangeCanBeRefused) {
  PlainClient refused(strict(server_config()));
  refused.send(KexInitLists{}.payload());
  EXPECT_EQ(refused.error(), Errc::no_common_algorithm);
  EXPECT_EQ(refused.disconnect_reason(), DisconnectReason::key_exchange_failed);
  PlainClient tolerated;
  tolerated.send(KexInitLists{}.payload());
  EXPECT_FALSE(tolerated.server.error());
}

TEST(Terrapin, CVE_2023_48795_PeersThatBothDemandItTalk) {
  Pair pair(strict(server_config()), strict(client_config()));
  pair.connect();
  EXPECT_TRUE(pair.client.told("KeysReady first"));
}

// --- CVE-2023-46445, asyncssh "rogue extension negotiation": an EXT_INFO in the clear was believed.
TEST(RogueExtension, CVE_2023_46445_ExtInfoInTheClearIsRefused) {
  const Payload info(msg::ext_info, std::uint32_t{1}, "server-sig-algs", "ssh-rsa");
  for (const std::size_t packets : {0U, 1U}) {  // before the server's KEXINIT and behind it
    Pair pair(server_config(), with_chacha(client_config()));
    auto hello = pair.server.take_output();
    pair.client.receive(take_plain(hello, packets, true));
    pair.client.receive(plain_packet(info));
    ASSERT_TRUE(pair.client.error()) << packets;
    EXPECT_EQ(pair.client.error()->code, Errc::unexpected_message);
  }
  PlainClient lax;  // a server whose client knows nothing of strict key exchange
  lax.send(KexInitLists{}.payload());
  lax.send(info);
  EXPECT_EQ(lax.error(), Errc::unexpected_message);
}

// --- CVE-2023-46446, asyncssh "rogue session": the attacker's USERAUTH_REQUEST, sent in the clear before the
// victim's NEWKEYS, logged the victim in to the attacker's account.
TEST(RogueSession, CVE_2023_46446_NothingIsTakenBeforeTheKeys) {
  const Payload service(msg::service_request, "ssh-userauth");
  const Payload login(msg::userauth_request, "attacker", "ssh-connection", "password", false, "known");
  const Payload value(msg::kex_init, std::vector<std::byte>(32, std::byte{9}));
  for (const Bytes early : {Bytes(service), Bytes(login)}) {
    PlainClient before, between, behind;
    before.send(early);
    between.send(KexInitLists{}.payload());
    between.send(early);
    behind.send(KexInitLists{}.payload());
    behind.send(value);  // answered; the client's NEWKEYS is what is waited for
    behind.send(early);
    for (PlainClient* client : {&before, &between, &behind}) {
      EXPECT_EQ(client->error(), Errc::unexpected_message);
      EXPECT_THAT(client->server.messages(), IsEmpty());
    }
  }
}

// --- CVE-2025-26466, OpenSSH: PINGs during a key exchange piled up PONGs without bound, and sorting them
// took the square of their number.
TEST(PingFlood, CVE_2025_26466_PongsDuringAKeyExchangeAreHeldBackAndBounded) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().start_rekey();  // the client sees it late, or says so
  const auto kexinit = pair.server.take_output();
  const auto sequence = pair.server.transport().writer().sequence();
  std::size_t sent = 0;
  const std::string text(1000, 'p');
  while (!pair.server.error() && sent < 10'000'000) {
    pair.client.transport().send(Payload(msg::ping, text));
    const auto ping = pair.client.take_output();
    sent += ping.size();
    pair.server.receive(ping);
    if (!pair.server.error()) {
      ASSERT_THAT(pair.server.take_output(), IsEmpty());
    }
  }
  EXPECT_EQ(pair.server.failure(), Errc::output_overflow);
  EXPECT_LT(sent, limits::gated_control + 50'000);
  EXPECT_EQ(pair.server.transport().writer().sequence(), sequence + 1);  // the DISCONNECT and no PONG
}

TEST(PingFlood, CVE_2025_26466_PongsOfAnHonestClientComeAfterTheKeyExchange) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().start_rekey();
  for (int i = 0; i < 10; ++i) pair.client.transport().send(Payload(msg::ping, "there?"));
  pair.connect();
  EXPECT_FALSE(pair.server.error());
  EXPECT_FALSE(pair.client.error());
  EXPECT_TRUE(pair.server.told("KeysReady again"));
  EXPECT_EQ(pair.server.transport().writer().sequence(), 10U);
}

// The peer's own KEXINIT is a promise to send nothing else.
TEST(PingFlood, CVE_2025_26466_APingBehindTheKexinitDisconnects) {
  Pair pair;
  pair.authenticate();
  pair.client.transport().start_rekey();
  ASSERT_TRUE(pair.client.transport().writer().write(Payload(msg::ping, "?")));
  pair.connect();
  EXPECT_EQ(pair.server.failure(), Errc::unexpected_message);
}

TEST(PingFlood, CVE_2025_26466_PongsNobodyReadsAreBacklog) {
  Pair pair;
  pair.authenticate();
  for (int i = 0; i < 100; ++i) pair.client.transport().send(Payload(msg::ping, std::string(1000, 'p')));
  pair.server.receive(pair.client.take_output());
  EXPECT_GT(pair.server.transport().control_backlog(), limits::control_backlog);  // the reader stops here
}

// --- TM-3: what has no effect costs its packet and nothing more.
TEST(Storm, OfIgnoreAndDebugLeavesNothing) {
  Pair pair;
  pair.authenticate();
  const auto sequence = pair.server.transport().writer().sequence();
  const auto backlog = pair.server.transport().control_backlog();
  for (int i = 0; i < 600; ++i) {
    pair.client.transport().send(Payload(msg::ignore, std::string(100, 'i')));
    pair.client.transport().send(Payload(msg::debug, true, "\x1b]0;owned\x07", ""));
  }
  pair.connect();
  EXPECT_FALSE(pair.server.error());
  EXPECT_THAT(pair.server.log(), IsEmpty());
  EXPECT_EQ(pair.server.transport().writer().sequence(), sequence);
  EXPECT_EQ(pair.server.transport().control_backlog(), backlog);
}

// --- CVE-2026-46702 (russh) and OpenSSH's quadratic inflate: a small packet became gigabytes. There is
// nothing to inflate with.
TEST(Decompression, CVE_2026_46702_CompressionIsNeverOffered) {
  for (const Role role : {Role::server, Role::client}) {
    TransportPeer peer(role == Role::server ? server_config() : client_config());
    auto hello = peer.take_output();
    take_plain(hello, 0, true);
    MutableBytes input = hello;
    PacketReader reader;
    const auto packet = reader.next(input);
    ASSERT_TRUE(packet && *packet);
    WireReader fields((*packet)->payload);
    (void)fields.raw(17);
    std::vector<std::string> lists;
    for (int i = 0; i < 10; ++i) lists.emplace_back(fields.text());
    ASSERT_TRUE(fields.ok());
    EXPECT_EQ(lists[6], "none");
    EXPECT_EQ(lists[7], "none");
  }
}

TEST(Decompression, CVE_2026_46702_CompressionIsNeverAgreedTo) {
  for (const char* wanted : {"zlib", "zlib@openssh.com", "zlib@openssh.com,zlib"}) {
    PlainClient client;
    client.send(KexInitLists{.compressions = wanted}.payload());
    EXPECT_EQ(client.error(), Errc::no_common_algorithm) << wanted;
  }
}

// --- CVE-2026-46597, x/crypto: the padding length of a sealed packet was computed with in eight bits.
TEST(PaddingLength, CVE_2026_46597_LiesUnderAValidTagAreRefused) {
  const std::vector<std::byte> key(16, std::byte{1}), iv(12, std::byte{2});
  const CipherKeys keys{.key = key, .iv = iv, .mac_key = {}};
  constexpr std::string_view name = "aes128-gcm@openssh.com";
  constexpr std::uint32_t length = 32;
  const auto outcome = [&](int padding) {
    auto sealer = make_packet_cipher(name, "", Direction::seal, keys).value();
    std::vector<std::byte> packet(4 + length + sealer->tag_size());
    store_u32(packet.data(), length);
    packet[4] = static_cast<std::byte>(padding);
    sealer->seal(0, packet);
    PacketReader reader;
    reader.use(make_packet_cipher(name, "", Direction::open, keys).value(), ~std::uint64_t{0}, false);
    MutableBytes input = packet;
    const auto opened = reader.next(input);
    return opened ? Errc::cancelled : opened.error().code;
  };
  for (const int padding : {0, 3, 31, 32, 200, 255}) EXPECT_EQ(outcome(padding), Errc::bad_packet) << padding;
  EXPECT_EQ(outcome(4), Errc::cancelled);
  EXPECT_EQ(outcome(30), Errc::cancelled);
}

// --- CVE-2024-43410 (russh), CVE-2026-55200 (libssh2): memory for what a length only announces. The engine
// keeps no packet at all before it is whole: its bytes stay with its owner.
TEST(PacketLength, CVE_2024_43410_NothingIsTakenOfAPacketThatHasNotCome) {
  PlainClient client;
  std::vector<std::byte> head(8);
  store_u32(head.data(), 256 * 1024 - 4);
  head[4] = std::byte{4};
  MutableBytes input = head;
  const auto told = client.server.transport().next(input, {});
  ASSERT_TRUE(told);
  EXPECT_TRUE(std::holds_alternative<event::NeedMore>(std::get<EngineEvent>(*told)));
  EXPECT_EQ(input.size(), head.size());
}

}  // namespace
}  // namespace fairlead::ssh::test
