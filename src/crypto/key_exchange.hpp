// SPDX-License-Identifier: Apache-2.0
// The mathematics of one key exchange, both roles; messages, hashes and keys are protocol/handshake's.
#pragma once

#include "base/secret.hpp"

#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Ephemeral and single use. For every family here the exchange is one message each way: SSH_MSG_KEX_*_INIT
// (30) and SSH_MSG_KEX_*_REPLY (31).
class KeyExchange {
 public:
  virtual ~KeyExchange() = default;

  // The EVP name of the exchange's hash: "SHA256", "SHA384", "SHA512".
  [[nodiscard]] virtual const char* hash_name() const noexcept = 0;
  // True when the public values are mpints on the wire and in the exchange hash (finite-field groups); else
  // strings.
  [[nodiscard]] virtual bool public_values_are_mpints() const noexcept { return false; }

  // Client: makes the ephemeral key; the content of INIT's field.
  [[nodiscard]] virtual Result<std::vector<std::byte>> client_init() = 0;
  struct ServerShare {
    std::vector<std::byte> reply;  // the content of REPLY's field
    SecretBytes
        shared_secret;  // K exactly as it enters the exchange hash: encoded mpint, or string for hybrids
  };
  // Server: answers the client's value. Fails with key_exchange_failed on any value that is not a valid
  // public key.
  [[nodiscard]] virtual Result<ServerShare> server_reply(Bytes client_value) = 0;
  // Client: K, encoded as above.
  [[nodiscard]] virtual Result<SecretBytes> client_finish(Bytes server_value) = 0;
};

// All there are, in order of preference; what a client offers by default.
[[nodiscard]] std::span<const std::string_view> key_exchange_names() noexcept;
// What a server offers by default: not the finite-field groups, with which a client that computes nothing
// itself keeps a core busy.
[[nodiscard]] std::span<const std::string_view> served_key_exchange_names() noexcept;
// Null for an unknown name.
[[nodiscard]] std::unique_ptr<KeyExchange> make_key_exchange(std::string_view name);

}  // namespace fairlead::ssh
