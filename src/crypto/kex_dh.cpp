// SPDX-License-Identifier: Apache-2.0
// diffie-hellman-group14-sha256, -group16-sha512 and -group18-sha512 (RFC 8268, groups of RFC 3526).
#include "crypto/key_exchange_families.hpp"
#include "crypto/mpint.hpp"
#include "crypto/secret_writer.hpp"

namespace fairlead::ssh {

namespace {

constexpr unsigned generator = 2;  // of every group of RFC 3526

struct DhGroup {
  BIGNUM* (*prime)(BIGNUM*);
  const char* hash_name;
  // Twice the higher of RFC 3526 section 8's two estimates of the group's strength, and so at least what
  // SP 800-56A revision 3 section 5.6.1.1.4 asks for. A longer one only costs time.
  int exponent_bits;
};

constexpr DhGroup group14{&BN_get_rfc3526_prime_2048, "SHA256", 320};
constexpr DhGroup group16{&BN_get_rfc3526_prime_4096, "SHA512", 480};
constexpr DhGroup group18{&BN_get_rfc3526_prime_8192, "SHA512", 620};

// On bignums and not on EVP's DH keys: those check y^q = 1 in every derivation, an exponentiation over the
// whole width of q that costs three to seven times as much as all the rest and that a client would have us do
// for one packet.
class KexDh final : public KeyExchange {
 public:
  explicit KexDh(const DhGroup& group) : group_(group), prime_(group.prime(nullptr)) {}

  const char* hash_name() const noexcept override { return group_.hash_name; }
  bool public_values_are_mpints() const noexcept override { return true; }

  Result<std::vector<std::byte>> client_init() override {
    exponent_ = make_exponent();
    return public_value(exponent_.get());
  }

  Result<ServerShare> server_reply(Bytes client_value) override {
    const Bignum exponent = make_exponent();
    auto secret = agree(client_value, exponent.get());
    if (!secret) return std::unexpected(secret.error());
    auto reply = public_value(exponent.get());
    if (!reply) return std::unexpected(reply.error());
    return ServerShare{std::move(*reply), std::move(*secret)};
  }

  Result<SecretBytes> client_finish(Bytes server_value) override {
    if (!exponent_) return failure(Errc::key_exchange_failed, "no key was made");
    return agree(server_value, exponent_.get());
  }

 private:
  // Its top bit is set, so it is neither 0 nor 1; null when OpenSSL fails.
  Bignum make_exponent() const {
    Bignum exponent(BN_secure_new());
    if (!exponent ||
        BN_priv_rand(exponent.get(), group_.exponent_bits, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) != 1)
      return nullptr;
    return exponent;
  }

  Result<std::vector<std::byte>> public_value(const BIGNUM* exponent) const {
    const Bignum base(BN_new());
    if (!base || BN_set_word(base.get(), generator) != 1) return failure(Errc::crypto_failed);
    const Bignum value = power(base.get(), exponent);
    if (!value) return failure(Errc::crypto_failed);
    const SecretBytes magnitude = to_magnitude(value.get());
    return std::vector<std::byte>(magnitude.begin(), magnitude.end());
  }

  Result<SecretBytes> agree(Bytes peer_value, const BIGNUM* exponent) const {
    if (!prime_) return failure(Errc::crypto_failed);
    if (peer_value.size() > static_cast<std::size_t>(BN_num_bytes(prime_.get())))
      return failure(Errc::key_exchange_failed, "DH value is too large");
    const Bignum value = to_bignum(peer_value);
    if (!value) return failure(Errc::crypto_failed);
    if (!is_public_value(value.get())) return failure(Errc::key_exchange_failed, "DH value out of range");
    const Bignum secret = power(value.get(), exponent);
    if (!secret) return failure(Errc::crypto_failed);
    return SecretWriter().mpint(to_magnitude(secret.get())).take();
  }

  // RFC 8268 section 4: 1 < y < p-1. SP 800-56A section 5.6.2.3.2 is content with that for ephemeral keys,
  // for a safe prime has no small subgroup but the one of 1 and p-1.
  bool is_public_value(const BIGNUM* value) const {
    const Bignum last(BN_dup(prime_.get()));
    return last && BN_sub_word(last.get(), 1) == 1 && !BN_is_zero(value) && !BN_is_one(value) &&
           BN_cmp(value, last.get()) < 0;
  }

  // In constant time. Null when anything is missing or OpenSSL fails.
  Bignum power(const BIGNUM* base, const BIGNUM* exponent) const {
    const BignumContext context(BN_CTX_secure_new());
    Bignum result(BN_secure_new());
    if (!context || !result || !prime_ || exponent == nullptr ||
        BN_mod_exp_mont_consttime(result.get(), base, exponent, prime_.get(), context.get(), nullptr) != 1)
      return nullptr;
    return result;
  }

  const DhGroup& group_;
  Bignum prime_;
  Bignum exponent_;  // of the client
};

}  // namespace

std::unique_ptr<KeyExchange> make_kex_group14() {
  return std::make_unique<KexDh>(group14);
}
std::unique_ptr<KeyExchange> make_kex_group16() {
  return std::make_unique<KexDh>(group16);
}
std::unique_ptr<KeyExchange> make_kex_group18() {
  return std::make_unique<KexDh>(group18);
}

}  // namespace fairlead::ssh
