// SPDX-License-Identifier: Apache-2.0
// The exchange hash (RFC 4253 section 8, RFC 5656 section 4) and the keys made from it (RFC 4253
// section 7.2).
#pragma once

#include "base/secret.hpp"
#include "crypto/packet_cipher.hpp"
#include "protocol/algorithms.hpp"

#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Everything that both sides hash, in this order.
struct ExchangeTranscript {
  std::string_view client_identification, server_identification;  // without CR LF
  Bytes client_kexinit, server_kexinit;                           // payloads with their message number
  Bytes host_key;                                                 // blob
  Bytes client_value, server_value;
  bool values_are_mpints;
  Bytes shared_secret;  // encoded as it enters the hash
};
[[nodiscard]] std::vector<std::byte> exchange_hash(const char* hash_name,
                                                   const ExchangeTranscript& transcript);

enum class Flow : std::uint8_t { client_to_server = 0, server_to_client = 1 };

// From one finished key exchange to the packet ciphers of both flows.
struct KeySchedule {
  const char* hash_name;
  Bytes shared_secret;  // encoded as it entered the hash
  Bytes exchange_hash;
  Bytes session_id;

  // `size` bytes of key `letter` ('A' to 'F').
  [[nodiscard]] SecretBytes derive(char letter, std::size_t size) const;
  [[nodiscard]] Result<std::unique_ptr<PacketCipher>> make_cipher(const NegotiatedAlgorithms& algorithms,
                                                                  Flow flow, Direction direction) const;
};

}  // namespace fairlead::ssh
