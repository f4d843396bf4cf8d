// SPDX-License-Identifier: Apache-2.0
// KEXINIT and EXT_INFO as we send them, and what of a peer's KEXINIT counts when (KX-1, KX-3, KX-16, KX-19).
#include "unit/protocol/plain_client.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::Not;

constexpr std::size_t cookie_end = 17;  // the message number and 16 bytes

std::vector<std::byte> copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// The payload of the next packet in `bytes`, which is advanced past it.
std::vector<std::byte> next_payload(PacketReader& reader, MutableBytes& bytes) {
  const auto packet = reader.next(bytes);
  EXPECT_TRUE(packet && *packet);
  return packet && *packet ? copy((*packet)->payload) : std::vector<std::byte>(cookie_end);
}

// What a new engine sends behind its identification.
std::vector<std::byte> first_kexinit(const EngineConfig& config, RandomSource& random) {
  Engine engine(std::make_shared<EngineConfig>(config), random);
  MutableBytes bytes = engine.output().readable();
  bytes = bytes.subspan(as_text(bytes).find('\n') + 1);
  PacketReader reader;
  auto payload = next_payload(reader, bytes);
  EXPECT_TRUE(bytes.empty());
  return payload;
}

TEST(OurKexinit, DiffersInNothingButItsRandomCookie) {
  for (const EngineConfig& config : {server_config(), client_config()}) {
    const auto one = first_kexinit(config, system_random()), two = first_kexinit(config, system_random());
    EXPECT_FALSE(equal(Bytes(one).first(cookie_end), Bytes(two).first(cookie_end)));
    EXPECT_TRUE(equal(Bytes(one).subspan(cookie_end), Bytes(two).subspan(cookie_end)));
    EXPECT_THAT(std::vector(one.end() - 5, one.end()), testing::Each(std::byte{0})) << "no guess; reserved";
  }
}

// RFC 4253 section 7.1 reserves a number "for future extension": who sends it today knows more than we do.
TEST(PeersKexinit, MayHaveAnyReservedNumber) {
  auto payload = KexInitLists{}.payload();
  std::fill(payload.end() - 4, payload.end(), std::byte{0xFF});
  PlainClient client;
  client.send(payload);
  client.send(Payload(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9}))));
  EXPECT_TRUE(client.server.told("SignatureWanted ssh-ed25519"));
}

// RFC 4253 section 7: the guess is wrong although the key exchange is what was guessed.
TEST(PeersKexinit, AGuessIsWrongByItsHostKeyAlone) {
  const auto client_with = [](const std::string& host_keys) {
    EngineConfig config = server_config({KeyType::ed25519, KeyType::ecdsa_p256});
    config.algorithms.key_exchanges = {"curve25519-sha256"};
    auto client = std::make_unique<PlainClient>(std::move(config));
    client->server.host_keys.push_back(test_key(KeyType::ecdsa_p256));
    client->send(KexInitLists{.host_keys = host_keys, .guess = true}.payload());
    return client;
  };
  const Payload value(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9})));
  const auto wrong = client_with("ecdsa-sha2-nistp256,ssh-ed25519");
  wrong->send(value);
  EXPECT_TRUE(wrong->server.log().empty()) << "skipped";
  wrong->send(value);
  EXPECT_THAT(wrong->server.log(), ElementsAre("SignatureWanted ecdsa-sha2-nistp256"));
  const auto right = client_with("ssh-ed25519,ecdsa-sha2-nistp256");
  right->send(value);
  EXPECT_THAT(right->server.log(), ElementsAre("SignatureWanted ssh-ed25519"));
}

TEST(OurKexinit, HasMarkersTheFirstTimeOnly) {
  Pair pair;
  const auto first = pair.server.take_output();
  EXPECT_NE(as_text(first).find("ext-info-s,kex-strict-s-v00@openssh.com"), std::string_view::npos);
  pair.client.receive(first);
  pair.authenticate();
  pair.server.transport().start_rekey();
  auto sealed = pair.server.take_output();
  MutableBytes input = sealed;
  const auto payload = next_payload(pair.client.transport().reader(), input);
  WireReader again(Bytes(payload).subspan(cookie_end));
  EXPECT_THAT(to_string(again.string()), Not(testing::ContainsRegex("ext-info|kex-strict")));
  EXPECT_EQ(as_text(first).find(as_text(Bytes(payload).subspan(1, 16))), std::string_view::npos)
      << "a new cookie";
}

// KX-16: what the peer says of itself counts in its first KEXINIT, for the life of the connection.
TEST(PeersKexinit, MarkersMeanNothingTheSecondTime) {
  for (const char* const markers : {"", ",ext-info-c,kex-strict-c-v00@openssh.com"}) {
    Pair pair;
    pair.authenticate();
    auto& writer = pair.client.transport().writer();
    const KexInitLists lists{.key_exchanges = std::string("curve25519-sha256") + markers};
    ASSERT_TRUE(writer.write(lists.payload()));
    ASSERT_TRUE(writer.write(Payload(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9})))));
    pair.server.receive(pair.client.take_output());
    EXPECT_TRUE(pair.server.told("SignatureWanted ssh-ed25519"));
    EXPECT_EQ(pair.server.transport().writer().sequence(), 0U)
        << "still strict, and no second EXT_INFO" << markers;
  }
}

// The server's packets from KEX_REPLY on, up to what comes first under the new keys.
std::vector<std::byte> first_under_keys(Pair& pair) {
  pair.client.receive(pair.server.take_output());
  pair.server.receive(pair.client.take_output());
  auto bytes = pair.server.take_output();
  MutableBytes rest = bytes;
  PacketReader plain;
  EXPECT_EQ(next_payload(plain, rest).at(0), std::byte{msg::kex_reply});
  EXPECT_EQ(next_payload(plain, rest).at(0), std::byte{msg::newkeys});
  pair.client.receive(Bytes(bytes).first(bytes.size() - rest.size()));
  return next_payload(pair.client.transport().reader(), rest);
}

// KX-19, RFC 8308 section 3.1.
TEST(OurExtInfo, NamesTheSignaturesPingAndTheBoundPublicKey) {
  Pair pair;
  const auto info = first_under_keys(pair);
  WireReader reader(info);
  EXPECT_EQ(reader.byte(), msg::ext_info);
  EXPECT_EQ(reader.u32(), 3U);
  EXPECT_EQ(reader.text(), "server-sig-algs");
  EXPECT_EQ(
      reader.text(),
      "ssh-ed25519,sk-ssh-ed25519@openssh.com,ecdsa-sha2-nistp256,ecdsa-sha2-nistp384,ecdsa-sha2-nistp521,"
      "sk-ecdsa-sha2-nistp256@openssh.com,rsa-sha2-512,rsa-sha2-256");
  EXPECT_EQ(reader.text(), "ping@openssh.com");
  EXPECT_EQ(reader.text(), "0");
  EXPECT_EQ(reader.text(), "publickey-hostbound@openssh.com");
  EXPECT_EQ(reader.text(), "0");
  EXPECT_TRUE(reader.done());
}

TEST(OurExtInfo, GoesToNobodyWhoDoesNotAskForIt) {
  for (const bool asks : {false, true}) {
    PlainClient client;
    const std::string marker = asks ? ",ext-info-c" : "";
    client.send(KexInitLists{.key_exchanges = "curve25519-sha256" + marker}.payload());
    client.send(Payload(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9}))));
    // KEXINIT, KEX_REPLY, NEWKEYS.
    EXPECT_EQ(client.server.transport().writer().sequence(), asks ? 4U : 3U);
  }
}

}  // namespace
}  // namespace fairlead::ssh::test
