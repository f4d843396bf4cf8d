// SPDX-License-Identifier: Apache-2.0
// ssh-rsa keys with rsa-sha2-256 and rsa-sha2-512 (RFC 8332). The SHA-1 algorithm "ssh-rsa" does not exist
// here.
#include "crypto/limits.hpp"
#include "crypto/mpint.hpp"
#include "crypto/secret_writer.hpp"
#include "crypto/signature_key.hpp"

#include <array>
#include <bit>

namespace fairlead::ssh {

namespace {

constexpr std::string_view type_name = "ssh-rsa";
constexpr std::string_view sha512_name = "rsa-sha2-512";
constexpr std::array<std::string_view, 2> algorithm_list{sha512_name, "rsa-sha2-256"};

const char* hash_of(std::string_view algorithm) {
  return algorithm == sha512_name ? "SHA512" : "SHA256";
}

// Without leading zeros, as read_mpint() gives it.
std::size_t bit_size(Bytes magnitude) {
  if (magnitude.empty()) return 0;
  return magnitude.size() * 8 -
         static_cast<std::size_t>(std::countl_zero(std::to_integer<std::uint8_t>(magnitude[0])));
}
bool is_odd(Bytes magnitude) {
  return !magnitude.empty() && (magnitude.back() & std::byte{1}) != std::byte{0};
}

// Before any arithmetic: its cost is what an attacker would choose.
Result<> check_public_numbers(Bytes n, Bytes e) {
  const std::size_t bits = bit_size(n);
  if (bits < min_rsa_bits) return failure(Errc::bad_key, "RSA key is shorter than 2048 bits");
  if (bits > max_rsa_bits) return failure(Errc::bad_key, "RSA key is longer than 16384 bits");
  if (bit_size(e) > max_rsa_exponent_bits) return failure(Errc::bad_key, "RSA exponent is too large");
  if (!is_odd(n) || !is_odd(e) || bit_size(e) < 2) return failure(Errc::bad_key, "RSA numbers are not odd");
  return {};
}

struct NamedNumber {
  const char* name;
  const BIGNUM* value;
};

EvpKey rsa_key(std::span<const NamedNumber> numbers, int selection) {
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder) return nullptr;
  for (const NamedNumber& number : numbers)
    if (number.value == nullptr || OSSL_PARAM_BLD_push_BN(builder.get(), number.name, number.value) != 1)
      return nullptr;
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* key = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, selection, params.get()) != 1)
    return nullptr;
  return EvpKey(key);
}

class RsaVerifyingKey final : public VerifyingKey {
 public:
  RsaVerifyingKey(EvpKey key, std::size_t modulus_size) noexcept
      : key_(std::move(key)), modulus_size_(modulus_size) {}

  std::string_view type() const noexcept override { return type_name; }
  std::span<const std::string_view> algorithms() const noexcept override { return algorithm_list; }
  Result<> verify(std::string_view algorithm, Bytes data, Bytes signature) const override {
    if (signature.empty() || signature.size() > modulus_size_)
      return failure(Errc::bad_signature, "RSA signature has a wrong size");
    // RFC 8332 section 3 has the full size; some clients drop leading zero bytes, which OpenSSH puts back
    // too.
    std::vector<std::byte> padded(modulus_size_ - signature.size());
    padded.insert(padded.end(), signature.begin(), signature.end());
    if (!evp_verify(key_.get(), hash_of(algorithm), data, padded)) return failure(Errc::bad_signature);
    return {};
  }

 private:
  EvpKey key_;
  std::size_t modulus_size_;
};

class RsaSigningKey final : public SigningKey {
 public:
  explicit RsaSigningKey(EvpKey key) noexcept : key_(std::move(key)) {}

  std::vector<std::byte> public_blob() const override {
    ByteBuffer blob;
    WireWriter(blob)
        .string(type_name)
        .mpint(number(OSSL_PKEY_PARAM_RSA_E))
        .mpint(number(OSSL_PKEY_PARAM_RSA_N));
    return {blob.readable().begin(), blob.readable().end()};
  }
  Result<std::vector<std::byte>> sign(std::string_view algorithm, Bytes data) const override {
    return evp_sign(key_.get(), hash_of(algorithm), data);
  }
  SecretBytes private_fields() const override {
    SecretWriter fields;
    for (const char* const name :
         {OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E, OSSL_PKEY_PARAM_RSA_D,
          OSSL_PKEY_PARAM_RSA_COEFFICIENT1, OSSL_PKEY_PARAM_RSA_FACTOR1, OSSL_PKEY_PARAM_RSA_FACTOR2})
      fields.mpint(number(name));
    return fields.take();
  }

 private:
  SecretBytes number(const char* name) const {
    const Bignum value = key_number(key_.get(), name);
    return value ? to_magnitude(value.get()) : SecretBytes{};
  }

  EvpKey key_;
};

VerifyingKeyResult read_public(WireReader& fields) {
  const auto e = read_mpint(fields);
  const auto n = read_mpint(fields);
  if (!e || !n) return failure(Errc::bad_key, "RSA key is malformed");
  if (const auto checked = check_public_numbers(*n, *e); !checked) return std::unexpected(checked.error());
  const Bignum n_number = to_bignum(*n);
  const Bignum e_number = to_bignum(*e);
  const std::array numbers{NamedNumber{OSSL_PKEY_PARAM_RSA_N, n_number.get()},
                           NamedNumber{OSSL_PKEY_PARAM_RSA_E, e_number.get()}};
  EvpKey key = rsa_key(numbers, EVP_PKEY_PUBLIC_KEY);
  if (!key) return failure(Errc::bad_key, "RSA key is malformed");
  return std::make_unique<const RsaVerifyingKey>(std::move(key), n->size());
}

// d mod (prime - 1), for the Chinese remainder theorem.
Bignum crt_exponent(const BIGNUM* d, const BIGNUM* prime) {
  const BignumContext context(BN_CTX_secure_new());
  const Bignum less_one(BN_secure_new());
  Bignum result(BN_secure_new());
  if (!context || !less_one || !result || BN_sub(less_one.get(), prime, BN_value_one()) != 1) return nullptr;
  const Bignum exponent(BN_dup(d));
  if (!exponent) return nullptr;
  BN_set_flags(exponent.get(), BN_FLG_CONSTTIME);
  if (BN_mod(result.get(), exponent.get(), less_one.get(), context.get()) != 1) return nullptr;
  return result;
}

SigningKeyResult read_private(WireReader& fields) {
  enum Place { n, e, d, iqmp, p, q, count };
  std::array<Bytes, count> values;
  for (Bytes& value : values) {
    const auto number = read_mpint(fields);
    if (!number) return failure(Errc::bad_key, "RSA private key is malformed");
    value = *number;
  }
  if (const auto checked = check_public_numbers(values[n], values[e]); !checked)
    return std::unexpected(checked.error());
  for (const Place place : {d, iqmp, p, q})
    if (values[place].size() > values[n].size() || values[place].empty())
      return failure(Errc::bad_key, "RSA private number has a wrong size");
  if (!is_odd(values[p]) || !is_odd(values[q]) || bit_size(values[p]) < 2 || bit_size(values[q]) < 2)
    return failure(Errc::bad_key, "RSA factors are not primes");

  std::array<Bignum, count> bignums;
  for (std::size_t i = 0; i < count; ++i) {
    bignums[i] = to_bignum(values[i]);
    if (!bignums[i]) return failure(Errc::crypto_failed);
  }
  const Bignum dmp1 = crt_exponent(bignums[d].get(), bignums[p].get());
  const Bignum dmq1 = crt_exponent(bignums[d].get(), bignums[q].get());
  const std::array numbers{
      NamedNumber{OSSL_PKEY_PARAM_RSA_N, bignums[n].get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_E, bignums[e].get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_D, bignums[d].get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_FACTOR1, bignums[p].get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_FACTOR2, bignums[q].get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_EXPONENT1, dmp1.get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_EXPONENT2, dmq1.get()},
      NamedNumber{OSSL_PKEY_PARAM_RSA_COEFFICIENT1, bignums[iqmp].get()},
  };
  EvpKey key = rsa_key(numbers, EVP_PKEY_KEYPAIR);
  if (!key) return failure(Errc::bad_key, "RSA private key is malformed");
  return adopt_rsa(std::move(key));
}

constexpr std::array families{KeyFamily{type_name, &read_public, &read_private}};

// Exactly two factors: more cannot be written into OpenSSH's file, and wrong ones would make wrong
// signatures.
bool has_its_two_factors(const EVP_PKEY* key, const BIGNUM* n) {
  const Bignum p = key_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1);
  const Bignum q = key_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2);
  const BignumContext context(BN_CTX_secure_new());
  const Bignum product(BN_secure_new());
  return p && q && context && product && BN_mul(product.get(), p.get(), q.get(), context.get()) == 1 &&
         BN_cmp(product.get(), n) == 0;
}

}  // namespace

std::span<const KeyFamily> rsa_families() noexcept {
  return families;
}

SigningKeyResult adopt_rsa(EvpKey key) {
  const Bignum n = key_number(key.get(), OSSL_PKEY_PARAM_RSA_N);
  const Bignum e = key_number(key.get(), OSSL_PKEY_PARAM_RSA_E);
  if (!n || !e) return failure(Errc::bad_key, "RSA key is malformed");
  if (const auto checked = check_public_numbers(to_magnitude(n.get()), to_magnitude(e.get())); !checked)
    return std::unexpected(checked.error());
  if (!has_its_two_factors(key.get(), n.get()))
    return failure(Errc::bad_key, "RSA factors do not fit the key");
  return std::make_unique<const RsaSigningKey>(std::move(key));
}

}  // namespace fairlead::ssh
