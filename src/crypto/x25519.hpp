// SPDX-License-Identifier: Apache-2.0
// One ephemeral X25519 key (RFC 7748), for curve25519-sha256 and for the hybrids built on it.
#pragma once

#include "base/secret.hpp"
#include "crypto/evp.hpp"

#include <fairlead/ssh/error.hpp>

#include <array>

namespace fairlead::ssh {

inline constexpr std::size_t x25519_size = 32;

class X25519Key {
 public:
  [[nodiscard]] static Result<X25519Key> generate();
  // Any 32 bytes are a private key (RFC 7748 section 5 clamps them).
  [[nodiscard]] static Result<X25519Key> from_secret(std::span<const std::byte, x25519_size> secret);

  [[nodiscard]] Bytes public_value() const noexcept { return public_value_; }
  // 32 bytes, not encoded. Fails with key_exchange_failed unless the peer's value is 32 bytes of high order.
  [[nodiscard]] Result<SecretBytes> agree(Bytes peer_value) const;

 private:
  X25519Key() = default;

  EvpKey key_;
  std::array<std::byte, x25519_size> public_value_{};
};

}  // namespace fairlead::ssh
