// SPDX-License-Identifier: Apache-2.0
// ecdsa-sha2-nistp256, -384 and -521 (RFC 5656 section 3).
#include "crypto/ec_curve.hpp"
#include "crypto/mpint.hpp"
#include "crypto/secret_writer.hpp"
#include "crypto/signature_key.hpp"

#include <openssl/ec.h>
#include <openssl/objects.h>

#include <array>

namespace fairlead::ssh {

namespace {

// OpenSSL speaks DER, SSH two mpints.
Result<std::vector<std::byte>> to_der(Bytes signature, std::size_t field_size) {
  WireReader reader(signature);
  const auto r = read_mpint(reader);
  const auto s = read_mpint(reader);
  if (!r || !s || !reader.done() || r->size() > field_size || s->size() > field_size)
    return failure(Errc::bad_signature, "malformed ECDSA signature");
  const EcdsaSignature numbers(ECDSA_SIG_new());
  Bignum r_number = to_bignum(*r);
  Bignum s_number = to_bignum(*s);
  if (!numbers || !r_number || !s_number) return failure(Errc::crypto_failed);
  // Takes ownership; fails only for null.
  if (ECDSA_SIG_set0(numbers.get(), r_number.release(), s_number.release()) != 1)
    return failure(Errc::crypto_failed);
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(numbers.get(), &der);
  if (size <= 0) return failure(Errc::crypto_failed);
  const Bytes view(reinterpret_cast<const std::byte*>(der), static_cast<std::size_t>(size));
  std::vector<std::byte> encoded(view.begin(), view.end());
  OPENSSL_free(der);
  return encoded;
}

Result<std::vector<std::byte>> from_der(Bytes der) {
  const unsigned char* position = octets(der);
  const EcdsaSignature numbers(d2i_ECDSA_SIG(nullptr, &position, static_cast<long>(der.size())));
  if (!numbers) return failure(Errc::crypto_failed);
  ByteBuffer signature;
  WireWriter(signature)
      .mpint(to_magnitude(ECDSA_SIG_get0_r(numbers.get())))
      .mpint(to_magnitude(ECDSA_SIG_get0_s(numbers.get())));
  return std::vector<std::byte>(signature.readable().begin(), signature.readable().end());
}

class EcdsaVerifyingKey final : public VerifyingKey {
 public:
  EcdsaVerifyingKey(const EcCurve& curve, EvpKey key) noexcept : curve_(curve), key_(std::move(key)) {}

  std::string_view type() const noexcept override { return curve_.key_type; }
  std::span<const std::string_view> algorithms() const noexcept override { return {&curve_.key_type, 1}; }
  Result<> verify(std::string_view, Bytes data, Bytes signature) const override {
    const auto der = to_der(signature, curve_.field_size);
    if (!der) return std::unexpected(der.error());
    if (!evp_verify(key_.get(), curve_.hash_name, data, *der)) return failure(Errc::bad_signature);
    return {};
  }

 private:
  const EcCurve& curve_;
  EvpKey key_;
};

class EcdsaSigningKey final : public SigningKey {
 public:
  EcdsaSigningKey(const EcCurve& curve, EvpKey key, std::vector<std::byte> point) noexcept
      : curve_(curve), key_(std::move(key)), point_(std::move(point)) {}

  std::vector<std::byte> public_blob() const override {
    ByteBuffer blob;
    WireWriter(blob).string(curve_.key_type).string(curve_.name).string(point_);
    return {blob.readable().begin(), blob.readable().end()};
  }
  Result<std::vector<std::byte>> sign(std::string_view, Bytes data) const override {
    const auto der = evp_sign(key_.get(), curve_.hash_name, data);
    if (!der) return std::unexpected(der.error());
    return from_der(*der);
  }
  SecretBytes private_fields() const override {
    const Bignum scalar = key_number(key_.get(), OSSL_PKEY_PARAM_PRIV_KEY);
    if (!scalar) return {};
    return SecretWriter().string(curve_.name).string(point_).mpint(to_magnitude(scalar.get())).take();
  }

 private:
  const EcCurve& curve_;
  EvpKey key_;
  std::vector<std::byte> point_;
};

template <const EcCurve& curve>
VerifyingKeyResult read_public(WireReader& fields) {
  const std::string_view name = fields.text();
  const Bytes point = fields.string();
  if (!fields.ok() || name != curve.name) return failure(Errc::bad_key, "curve does not fit the key type");
  auto key = ec_public_key(curve, point);
  if (!key) return std::unexpected(key.error());
  return std::make_unique<const EcdsaVerifyingKey>(curve, std::move(*key));
}

template <const EcCurve& curve>
SigningKeyResult read_private(WireReader& fields) {
  const std::string_view name = fields.text();
  const Bytes point = fields.string();
  const auto scalar = read_mpint(fields);
  if (!scalar || name != curve.name) return failure(Errc::bad_key, "ECDSA private key is malformed");
  auto key = ec_private_key(curve, point, *scalar);
  if (!key) return std::unexpected(key.error());
  return adopt_ecdsa(std::move(*key));
}

template <const EcCurve& curve>
constexpr KeyFamily family{curve.key_type, &read_public<curve>, &read_private<curve>};

constexpr std::array families{family<nistp256>, family<nistp384>, family<nistp521>};

const EcCurve* curve_of(const EVP_PKEY* key) {
  std::array<char, 80> group{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(key, group.data(), group.size(), &size) != 1) return nullptr;
  const int nid = OBJ_sn2nid(group.data());
  for (const EcCurve* const curve : {&nistp256, &nistp384, &nistp521})
    if (nid != NID_undef && nid == EC_curve_nist2nid(curve->group)) return curve;
  return nullptr;
}

}  // namespace

std::span<const KeyFamily> ecdsa_families() noexcept {
  return families;
}

SigningKeyResult adopt_ecdsa(EvpKey key) {
  const EcCurve* const curve = curve_of(key.get());
  if (curve == nullptr) return failure(Errc::unsupported_key, "only P-256, P-384 and P-521 are supported");
  auto point = ec_point(*curve, key.get());
  if (point.empty()) return failure(Errc::bad_key, "ECDSA key has no public point");
  return std::make_unique<const EcdsaSigningKey>(*curve, std::move(key), std::move(point));
}

}  // namespace fairlead::ssh
