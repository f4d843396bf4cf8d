// SPDX-License-Identifier: Apache-2.0
// Clients that misbehave before there are keys, and strict key exchange (KX-16).
#include "crypto/key_exchange.hpp"
#include "unit/protocol/plain_client.hpp"

namespace fairlead::ssh::test {
namespace {

// ID-2: whoever this is does not read packets.
TEST(Identification, WhatIsNoSshTwoIsToldInPlainText) {
  for (const char* const line : {"SSH-1.5-x\r\n", "GET / HTTP/1.1\r\n", "SSH-2.0-a\rb\r\n"}) {
    TransportPeer server(server_config());
    const auto before = server.take_output();
    server.receive(bytes_of(line));
    EXPECT_EQ(server.failure(), Errc::bad_identification) << line;
    EXPECT_EQ(as_text(server.take_output()), "Invalid SSH identification string.\r\n");
  }
  TransportPeer client(client_config());
  (void)client.take_output();
  client.receive(bytes_of("SSH-1.5-x\r\n"));
  EXPECT_TRUE(client.error());
  EXPECT_TRUE(client.take_output().empty()) << "only a server answers";
}

TEST(Handshake, NothingInCommonIsDisconnectedWithReasonThree) {
  const auto reason_for = [](const KexInitLists& lists) {
    PlainClient client;
    client.send(lists.payload());
    EXPECT_EQ(client.error(), Errc::no_common_algorithm);
    return client.disconnect_reason();
  };
  EXPECT_EQ(reason_for({.key_exchanges = "x"}), DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for({.host_keys = "ssh-rsa"}), DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for({.ciphers = "aes128-cbc"}), DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for({.ciphers = "aes128-ctr", .macs = "hmac-sha1"}),
            DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for({.compressions = "zlib"}), DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for({.key_exchanges = ""}), DisconnectReason::key_exchange_failed);
}

// The markers are no key exchanges, even when a peer lists ours as its own.
TEST(Handshake, MarkersAreNeverChosen) {
  PlainClient client;
  client.send(KexInitLists{.key_exchanges = "ext-info-s,kex-strict-s-v00@openssh.com"}.payload());
  EXPECT_EQ(client.error(), Errc::no_common_algorithm);
}

TEST(Handshake, MalformedKexinitIsRefused) {
  const auto error_for = [](Bytes payload) {
    PlainClient client;
    client.send(payload);
    return client.error();
  };
  const auto good = KexInitLists{}.payload();
  for (std::size_t size = 1; size < good.size(); ++size)
    EXPECT_EQ(error_for(Bytes(good).first(size)), Errc::bad_message) << size;
  auto longer = good;
  longer.push_back(std::byte{0});
  EXPECT_EQ(error_for(longer), Errc::bad_message);
  EXPECT_EQ(error_for(good), Errc::cancelled);
  for (const std::string_view list : {",", "a,", ",a", "a,,b", "a b", "a\tb", "a\x7f"})
    EXPECT_EQ(error_for(KexInitLists{.macs = std::string(list)}.payload()), Errc::bad_message) << list;
  const std::string longest(64, 'n');
  EXPECT_EQ(error_for(KexInitLists{.macs = longest}.payload()), Errc::cancelled);
  EXPECT_EQ(error_for(KexInitLists{.macs = longest + "n"}.payload()), Errc::bad_message);
}

TEST(Handshake, WrongGuessIsSkipped) {
  PlainClient client;
  client.send(KexInitLists{.key_exchanges = "guessed-kex,curve25519-sha256", .guess = true}.payload());
  client.send(Payload(34, "whatever the guess was"));
  client.send(Payload(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9}))));
  EXPECT_EQ(client.error(), Errc::cancelled);
  EXPECT_TRUE(client.server.told("SignatureWanted ssh-ed25519"));
}

TEST(Handshake, OnlyOnePacketOfAKeyExchangeIsSkipped) {
  PlainClient twice;
  twice.send(KexInitLists{.key_exchanges = "guessed-kex,curve25519-sha256", .guess = true}.payload());
  twice.send(Payload(34));
  twice.send(Payload(34));
  EXPECT_EQ(twice.error(), Errc::unexpected_message);
  PlainClient other;
  other.send(KexInitLists{.key_exchanges = "guessed-kex,curve25519-sha256", .guess = true}.payload());
  other.send(Payload(msg::userauth_request));
  EXPECT_EQ(other.error(), Errc::unexpected_message);
}

TEST(Handshake, RightGuessIsUsed) {
  // Right means: the first of our list, for key exchange and host key.
  PlainClient client;
  client.send(
      KexInitLists{.key_exchanges = std::string(key_exchange_names().front()), .guess = true}.payload());
  client.send(Payload(34));
  EXPECT_EQ(client.error(), Errc::unexpected_message);  // not skipped
}

TEST(Handshake, BadPublicValuesAreRefused) {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 1000U}) {
    PlainClient client;
    client.send(KexInitLists{}.payload());
    client.send(Payload(msg::kex_init, Bytes(std::vector<std::byte>(size, std::byte{9}))));
    EXPECT_EQ(client.error(), Errc::key_exchange_failed) << size;
  }
  PlainClient zeros;  // KX-10: a point of small order
  zeros.send(KexInitLists{}.payload());
  zeros.send(Payload(msg::kex_init, Bytes(std::vector<std::byte>(32))));
  EXPECT_EQ(zeros.error(), Errc::key_exchange_failed);
  PlainClient trailing;
  trailing.send(KexInitLists{}.payload());
  trailing.send(Payload(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9})), true));
  EXPECT_EQ(trailing.error(), Errc::bad_message);
}

// RFC 8268 section 4 and RFC 4251 section 5: in range, and the one encoding of the number.
TEST(Handshake, BadFiniteFieldValuesAreDisconnectedWithReasonThree) {
  constexpr std::string_view name = "diffie-hellman-group14-sha256";
  const auto reason_for = [&](Bytes field) {
    EngineConfig config = server_config();
    config.algorithms.key_exchanges = {std::string(name)};
    PlainClient client(config);
    client.send(KexInitLists{.key_exchanges = std::string(name)}.payload());
    client.send(Payload(msg::kex_init, field));
    EXPECT_EQ(client.error(), Errc::key_exchange_failed);
    EXPECT_FALSE(client.server.told("SignatureWanted ssh-ed25519"));
    return client.disconnect_reason();
  };
  const std::vector<std::byte> too_large(257, std::byte{0x7f});
  const std::vector<std::byte> negative(256, std::byte{0x80});
  const auto good = make_key_exchange(name)->client_init().value();
  std::vector<std::byte> padded(8);
  padded.insert(padded.end(), good.begin(), good.end());
  for (const std::string_view number :
       {std::string_view(), std::string_view("\0", 1), std::string_view("\1")})
    EXPECT_EQ(reason_for(as_bytes(number)), DisconnectReason::key_exchange_failed) << number.size();
  EXPECT_EQ(reason_for(too_large), DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for(negative), DisconnectReason::key_exchange_failed);
  EXPECT_EQ(reason_for(padded), DisconnectReason::key_exchange_failed);
}

TEST(Handshake, WrongOrderIsRefused) {
  const auto kexinit = KexInitLists{}.payload();
  const Payload value(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9})));
  const auto error_for = [](std::initializer_list<Bytes> payloads) {
    PlainClient client;
    client.server.signs = false;
    for (const Bytes payload : payloads) client.send(payload);
    return client.error();
  };
  EXPECT_EQ(error_for({kexinit, kexinit}), Errc::unexpected_message);
  EXPECT_EQ(error_for({value}), Errc::unexpected_message);
  EXPECT_EQ(error_for({kexinit, Payload(msg::newkeys)}), Errc::unexpected_message);
  EXPECT_EQ(error_for({kexinit, Payload(msg::kex_reply)}), Errc::unexpected_message);
  EXPECT_EQ(error_for({kexinit, Payload(msg::service_request, "ssh-userauth")}), Errc::unexpected_message);
  EXPECT_EQ(error_for({kexinit, Payload(msg::userauth_request)}), Errc::unexpected_message);
  EXPECT_EQ(error_for({kexinit, Payload(msg::ext_info, std::uint32_t{0})}), Errc::unexpected_message);
  // While the owner signs, nothing is taken at all.
  EXPECT_EQ(error_for({kexinit, value, value}), Errc::cancelled);
}

TEST(Handshake, NothingIsReceivedWhileTheOwnerSigns) {
  PlainClient client;
  client.server.signs = false;
  client.send(KexInitLists{}.payload());
  const Payload value(msg::kex_init, Bytes(std::vector<std::byte>(32, std::byte{9})));
  client.send(value);
  client.send(value);
  EXPECT_EQ(client.error(), Errc::cancelled);
  client.server.transport().host_signature(as_bytes("a signature"));
  client.server.work();
  EXPECT_EQ(client.error(), Errc::unexpected_message);  // the second value
}

// KX-16, Terrapin (CVE-2023-48795).
TEST(StrictKex, KexinitMustBeTheFirstPacket) {
  const KexInitLists strict{.key_exchanges = "curve25519-sha256,kex-strict-c-v00@openssh.com"};
  PlainClient client;
  client.send(Payload(msg::ignore, "hidden"));
  client.send(strict.payload());
  EXPECT_EQ(client.error(), Errc::unexpected_message);
  PlainClient lax;
  lax.send(Payload(msg::ignore, "tolerated"));
  lax.send(KexInitLists{}.payload());
  EXPECT_EQ(lax.error(), Errc::cancelled);
}

TEST(StrictKex, NothingUnexpectedDuringTheFirstKeyExchange) {
  const KexInitLists strict{.key_exchanges = "curve25519-sha256,kex-strict-c-v00@openssh.com"};
  for (const std::uint8_t number : {msg::ignore, msg::unimplemented, msg::debug, msg::ext_info, msg::ping}) {
    PlainClient client;
    client.send(strict.payload());
    client.send(Payload(number, "text"));
    EXPECT_EQ(client.error(), Errc::unexpected_message) << int(number);
  }
  for (const std::uint8_t number : {msg::ignore, msg::unimplemented, msg::debug}) {
    PlainClient lax;
    lax.send(KexInitLists{}.payload());
    lax.send(Payload(number, "text"));
    EXPECT_EQ(lax.error(), Errc::cancelled) << int(number);
  }
  PlainClient leaving;
  leaving.send(strict.payload());
  leaving.send(Payload(msg::disconnect, std::uint32_t{11}, "bye", ""));
  EXPECT_TRUE(leaving.server.told("Disconnected 11 bye"));
}

}  // namespace
}  // namespace fairlead::ssh::test
