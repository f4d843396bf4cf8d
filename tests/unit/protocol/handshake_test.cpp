// SPDX-License-Identifier: Apache-2.0
// First key exchanges between two transports: every algorithm, and a server that is not who it says.
#include "crypto/key_exchange.hpp"
#include "protocol/message_numbers.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr KeyType all_key_types[] = {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384,
                                     KeyType::ecdsa_p521, KeyType::rsa_3072};

void expect_talks(Pair& pair) {
  ASSERT_FALSE(pair.server.error()) << to_string(*pair.server.error());
  ASSERT_FALSE(pair.client.error()) << to_string(*pair.client.error());
  pair.client.transport().send(Payload(msg::userauth_request, "to the server"));
  pair.server.transport().send(Payload(msg::userauth_failure, "to the client"));
  pair.connect();
  EXPECT_THAT(pair.server.numbers(), ElementsAre(msg::userauth_request));
  EXPECT_THAT(pair.client.numbers(), ElementsAre(msg::userauth_failure));
}

TEST(Handshake, TellsBothSidesTheSame) {
  Pair pair;
  pair.connect();
  EXPECT_THAT(pair.server.log(), ElementsAre("SignatureWanted ssh-ed25519", "KeysReady first"));
  EXPECT_THAT(pair.client.log(), ElementsAre("HostKeyOffered ssh-ed25519", "KeysReady first"));
  EXPECT_TRUE(equal(pair.server.transport().session_id(), pair.client.transport().session_id()));
  EXPECT_EQ(pair.server.transport().session_id().size(), 32U);
  EXPECT_EQ(pair.server.transport().negotiated(), pair.client.transport().negotiated());
  EXPECT_TRUE(equal(pair.client.transport().host_key_blob(), test_key().public_key().blob()));
  EXPECT_TRUE(equal(pair.server.transport().host_key_blob(), test_key().public_key().blob()));
  EXPECT_EQ(pair.server.transport().peer_identification(), "SSH-2.0-Peer with a comment ");
  EXPECT_EQ(pair.server.transport().phase(), Phase::auth);
  EXPECT_EQ(pair.client.transport().phase(), Phase::auth);
}

TEST(Handshake, IdentificationAndKexinitAreSentAtOnce) {
  Pair pair;
  const auto output = pair.server.take_output();
  const std::string_view text = as_text(output);
  EXPECT_TRUE(text.starts_with("SSH-2.0-Fairlead\r\n"));
  EXPECT_NE(text.find("kex-strict-s-v00@openssh.com"), std::string_view::npos);
  EXPECT_NE(text.find("ext-info-s"), std::string_view::npos);
}

TEST(Handshake, WorksByteByByteAndInRandomPieces) {
  Pair bytewise;
  bytewise.connect({.fixed = 1});
  expect_talks(bytewise);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    FixedRandom random(seed);
    Pair pair;
    pair.connect({.random = &random});
    expect_talks(pair);
  }
}

TEST(Handshake, EveryKeyExchangeWithEveryHostKey) {
  const std::vector<KeyType> types(std::begin(all_key_types), std::end(all_key_types));
  for (const auto name : key_exchange_names()) {
    for (const auto& algorithm : AlgorithmPreferences::defaults().host_key_algorithms) {
      EngineConfig server = server_config(types);
      EngineConfig client = client_config();
      server.algorithms.key_exchanges = {std::string(name)};
      client.algorithms.key_exchanges = {std::string(name)};
      client.algorithms.host_key_algorithms = {algorithm};
      Pair pair(server, client, types);
      pair.connect();
      SCOPED_TRACE(std::string(name) + ' ' + algorithm);
      EXPECT_THAT(pair.client.transport().negotiated(), HasSubstr(std::string(name) + ' ' + algorithm));
      expect_talks(pair);
    }
  }
}

// KX-12: D(HE)at (CVE-2002-20001). A client still meets old servers.
TEST(Handshake, FiniteFieldGroupsAreForServersThatAskForThem) {
  Pair pair;
  EXPECT_EQ(as_text(pair.server.take_output()).find("diffie-hellman"), std::string_view::npos);
  EXPECT_NE(as_text(pair.client.take_output()).find(",diffie-hellman-group14-sha256,"),
            std::string_view::npos);
  EngineConfig server = server_config();
  server.algorithms.key_exchanges = {"diffie-hellman-group14-sha256"};
  Pair old(server);
  old.connect({.fixed = 11});
  EXPECT_THAT(old.client.transport().negotiated(), HasSubstr("diffie-hellman-group14-sha256"));
  expect_talks(old);
}

TEST(Handshake, EveryCipherWithEveryMac) {
  for (const auto& cipher : AlgorithmPreferences::defaults().ciphers) {
    for (const auto& mac : AlgorithmPreferences::defaults().macs) {
      EngineConfig client = client_config();
      client.algorithms.ciphers = {cipher};
      client.algorithms.macs = {mac};
      Pair pair(server_config(), client);
      SCOPED_TRACE(cipher + ' ' + mac);
      pair.connect({.fixed = 7});
      expect_talks(pair);
    }
  }
}

TEST(Handshake, ChoosesWhatTheClientPrefers) {
  EngineConfig client = client_config();
  client.algorithms.ciphers = {"aes256-ctr", "aes128-gcm@openssh.com"};
  client.algorithms.macs = {"hmac-sha2-512", "hmac-sha2-256"};
  Pair pair(server_config(), client);
  pair.connect();
  EXPECT_THAT(pair.server.transport().negotiated(), HasSubstr("aes256-ctr hmac-sha2-512"));
}

// Draft-miller-sshm-aes-gcm: the MAC lists are ignored with an AEAD.
TEST(Handshake, AnAeadNeedsNoCommonMac) {
  EngineConfig client = client_config();
  client.algorithms.ciphers = {"aes128-gcm@openssh.com"};
  client.algorithms.macs = {"hmac-of-nobody"};
  Pair pair(server_config(), client);
  pair.connect();
  expect_talks(pair);
}

// CVE-2025-26465 (OpenSSH): a check that could not be made counted as passed.
TEST(ClientHandshake, WrongHostKeySignatureIsRefused) {
  Pair pair;
  pair.server.signs = false;
  pair.connect();
  const auto wrong = test_key().sign("ssh-ed25519", as_bytes("something else")).value();
  pair.server.transport().host_signature(wrong);
  pair.connect();
  EXPECT_EQ(pair.client.failure(), Errc::bad_signature);
  EXPECT_FALSE(pair.client.told("HostKeyOffered ssh-ed25519"));
}

TEST(ClientHandshake, SignatureOfAnotherKeyIsRefused) {
  Pair pair;
  pair.server.host_keys = {PrivateKey::generate(KeyType::ed25519).value()};
  pair.connect();
  EXPECT_EQ(pair.client.failure(), Errc::bad_signature);
}

// KX-20: no password before the host key is accepted.
TEST(ClientHandshake, SendsNothingUntilTheHostKeyIsAccepted) {
  Pair pair;
  pair.client.accepts_host_key = false;
  pair.connect();
  EXPECT_THAT(pair.client.log(), ElementsAre("HostKeyOffered ssh-ed25519"));
  EXPECT_FALSE(pair.client.transport().gate_open());
  EXPECT_EQ(pair.server.transport().phase(), Phase::newkeys);
  pair.client.transport().accept_host_key();
  pair.client.work();
  pair.connect();
  EXPECT_TRUE(pair.client.told("KeysReady first"));
}

TEST(ClientHandshake, HostKeyMustNotChangeInARekey) {
  const auto other = PrivateKey::generate(KeyType::ed25519).value();
  EngineConfig config = server_config();
  Pair pair(config);
  pair.authenticate();
  // The same session under another server's key: only the client's memory can tell.
  TransportPeer& server = pair.server;
  server.signs = false;
  server.transport().start_rekey();
  pair.connect();
  ASSERT_TRUE(server.told("SignatureWanted ssh-ed25519"));
  ByteBuffer forged;
  WireWriter(forged)
      .byte(msg::kex_reply)
      .string(other.public_key().blob())
      .string(std::vector<std::byte>(32, std::byte{9}))
      .string(other.sign("ssh-ed25519", as_bytes("x")).value());
  ASSERT_TRUE(server.transport().writer().write(forged.readable()));
  pair.connect();
  EXPECT_EQ(pair.client.failure(), Errc::host_key_rejected);
}

}  // namespace
}  // namespace fairlead::ssh::test
