// SPDX-License-Identifier: Apache-2.0
// A client made by hand, up to its first keys: it sends any packet in the clear.
#pragma once

#include "protocol/message_numbers.hpp"
#include "support/ssh_peers.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::ssh::test {

// One packet of the `none` cipher.
inline std::vector<std::byte> plain_packet(Bytes payload) {
  ByteBuffer buffer;
  PacketWriter writer(buffer, nullptr);
  EXPECT_TRUE(writer.write(payload));
  return {buffer.readable().begin(), buffer.readable().end()};
}

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const Bytes bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

// A KEXINIT with these lists, which are the same in both directions.
struct KexInitLists {
  std::string key_exchanges = "curve25519-sha256", host_keys = "ssh-ed25519",
              ciphers = "aes128-gcm@openssh.com", macs = "hmac-sha2-256", compressions = "none";
  bool guess = false;

  [[nodiscard]] std::vector<std::byte> payload() const {
    ByteBuffer buffer;
    const std::array<std::byte, 16> cookie{};
    WireWriter(buffer)
        .byte(msg::kexinit)
        .raw(cookie)
        .string(key_exchanges)
        .string(host_keys)
        .string(ciphers)
        .string(ciphers)
        .string(macs)
        .string(macs)
        .string(compressions)
        .string(compressions)
        .string("")
        .string("")
        .boolean(guess)
        .u32(0);
    return {buffer.readable().begin(), buffer.readable().end()};
  }
};

// A server and the raw bytes of a client that never gets to keys.
struct PlainClient {
  explicit PlainClient(EngineConfig config = server_config()) : server(std::move(config)) {
    server.host_keys.push_back(test_key());
    server.take_output();
    server.receive(bytes_of("SSH-2.0-plain\r\n"));
  }
  void send(Bytes payload) { server.receive(plain_packet(payload)); }
  // The DISCONNECT that the server has sent, in the clear.
  DisconnectReason disconnect_reason() {
    auto output = server.take_output();
    PacketReader reader;
    MutableBytes input = output;
    DisconnectReason reason{};
    for (auto packet = reader.next(input); packet && *packet; packet = reader.next(input))
      if ((*packet)->payload[0] == std::byte{msg::disconnect})
        reason = static_cast<DisconnectReason>(WireReader((*packet)->payload.subspan(1)).u32());
    return reason;
  }
  [[nodiscard]] Errc error() const { return server.failure(); }
  TransportPeer server;
};

}  // namespace fairlead::ssh::test
