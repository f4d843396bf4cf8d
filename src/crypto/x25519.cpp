// SPDX-License-Identifier: Apache-2.0
// X25519 through EVP.
#include "crypto/x25519.hpp"

#include "crypto/random.hpp"

namespace fairlead::ssh {

Result<X25519Key> X25519Key::generate() {
  std::array<std::byte, x25519_size> secret;
  system_random().fill(secret);
  auto result = from_secret(secret);
  wipe(secret);
  return result;
}

Result<X25519Key> X25519Key::from_secret(std::span<const std::byte, x25519_size> secret) {
  X25519Key result;
  result.key_.reset(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, octets(Bytes(secret)), secret.size()));
  std::size_t size = x25519_size;
  if (!result.key_ ||
      EVP_PKEY_get_raw_public_key(result.key_.get(), octets(MutableBytes(result.public_value_)), &size) != 1)
    return failure(Errc::crypto_failed, "X25519 is not available");
  return result;
}

Result<SecretBytes> X25519Key::agree(Bytes peer_value) const {
  if (peer_value.size() != x25519_size)
    return failure(Errc::key_exchange_failed, "X25519 public value is not 32 bytes");
  const EvpKey peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, octets(peer_value), peer_value.size()));
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key_.get(), nullptr));
  SecretBytes shared(x25519_size);
  std::size_t size = shared.size();
  // RFC 8731 section 3: an all-zero result means a point of low order. OpenSSL refuses it; other providers
  // might not.
  if (!peer || !context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) != 1 ||
      EVP_PKEY_derive(context.get(), octets(MutableBytes(shared)), &size) != 1 || size != x25519_size ||
      constant_time_equal(shared, std::array<std::byte, x25519_size>{}))
    return failure(Errc::key_exchange_failed, "X25519 public value is of low order");
  return shared;
}

}  // namespace fairlead::ssh
