// SPDX-License-Identifier: Apache-2.0
// curve25519-sha256 (RFC 8731).
#include "crypto/key_exchange_families.hpp"
#include "crypto/secret_writer.hpp"
#include "crypto/x25519.hpp"

#include <optional>

namespace fairlead::ssh {

namespace {

std::vector<std::byte> copy(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

class KexCurve25519 final : public KeyExchange {
 public:
  const char* hash_name() const noexcept override { return "SHA256"; }

  Result<std::vector<std::byte>> client_init() override {
    auto key = X25519Key::generate();
    if (!key) return std::unexpected(key.error());
    key_ = std::move(*key);
    return copy(key_->public_value());
  }

  Result<ServerShare> server_reply(Bytes client_value) override {
    const auto key = X25519Key::generate();
    if (!key) return std::unexpected(key.error());
    auto secret = agree(*key, client_value);
    if (!secret) return std::unexpected(secret.error());
    return ServerShare{copy(key->public_value()), std::move(*secret)};
  }

  Result<SecretBytes> client_finish(Bytes server_value) override {
    if (!key_) return failure(Errc::key_exchange_failed, "no key was made");
    return agree(*key_, server_value);
  }

 private:
  // RFC 8731 section 3.1: the 32 bytes are read as a big-endian integer and encoded as an mpint.
  static Result<SecretBytes> agree(const X25519Key& key, Bytes peer_value) {
    const auto secret = key.agree(peer_value);
    if (!secret) return std::unexpected(secret.error());
    return SecretWriter().mpint(*secret).take();
  }

  std::optional<X25519Key> key_;
};

}  // namespace

std::unique_ptr<KeyExchange> make_kex_curve25519() {
  return std::make_unique<KexCurve25519>();
}

}  // namespace fairlead::ssh
