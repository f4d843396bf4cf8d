// SPDX-License-Identifier: Apache-2.0
// ecdh-sha2-nistp256, -384 and -521 (RFC 5656 section 4).
#include "crypto/ec_curve.hpp"
#include "crypto/key_exchange_families.hpp"
#include "crypto/secret_writer.hpp"

namespace fairlead::ssh {

namespace {

class KexEcdh final : public KeyExchange {
 public:
  explicit KexEcdh(const EcCurve& curve) noexcept : curve_(curve) {}

  const char* hash_name() const noexcept override { return curve_.hash_name; }

  Result<std::vector<std::byte>> client_init() override {
    auto key = generate_ec_key(curve_);
    if (!key) return std::unexpected(key.error());
    key_ = std::move(*key);
    return public_value(key_.get());
  }

  Result<ServerShare> server_reply(Bytes client_value) override {
    const auto key = generate_ec_key(curve_);
    if (!key) return std::unexpected(key.error());
    auto secret = agree(key->get(), client_value);
    if (!secret) return std::unexpected(secret.error());
    auto reply = public_value(key->get());
    if (!reply) return std::unexpected(reply.error());
    return ServerShare{std::move(*reply), std::move(*secret)};
  }

  Result<SecretBytes> client_finish(Bytes server_value) override {
    if (!key_) return failure(Errc::key_exchange_failed, "no key was made");
    return agree(key_.get(), server_value);
  }

 private:
  Result<std::vector<std::byte>> public_value(EVP_PKEY* key) const {
    auto point = ec_point(curve_, key);
    if (point.empty()) return failure(Errc::crypto_failed, "EC is not available");
    return point;
  }

  // K is the x coordinate as an mpint.
  Result<SecretBytes> agree(EVP_PKEY* key, Bytes peer_value) const {
    const auto peer = ec_public_key(curve_, peer_value);
    if (!peer) return failure(Errc::key_exchange_failed, peer.error().detail);
    const EvpKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    SecretBytes shared(curve_.field_size);
    std::size_t size = shared.size();
    if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
        EVP_PKEY_derive_set_peer_ex(context.get(), peer->get(), 0) != 1 ||  // checked when it was made
        EVP_PKEY_derive(context.get(), octets(MutableBytes(shared)), &size) != 1 || size != shared.size())
      return failure(Errc::key_exchange_failed, "ECDH failed");
    return SecretWriter().mpint(shared).take();
  }

  const EcCurve& curve_;
  EvpKey key_;
};

}  // namespace

std::unique_ptr<KeyExchange> make_kex_nistp256() {
  return std::make_unique<KexEcdh>(nistp256);
}
std::unique_ptr<KeyExchange> make_kex_nistp384() {
  return std::make_unique<KexEcdh>(nistp384);
}
std::unique_ptr<KeyExchange> make_kex_nistp521() {
  return std::make_unique<KexEcdh>(nistp521);
}

}  // namespace fairlead::ssh
