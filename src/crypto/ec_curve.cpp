// SPDX-License-Identifier: Apache-2.0
// Making and checking EC keys through EVP.
#include "crypto/ec_curve.hpp"

#include <openssl/ec.h>

namespace fairlead::ssh {

namespace {

Result<EvpKey> key_from(const ParamBuilder& builder, int selection) {
  const Params params(OSSL_PARAM_BLD_to_param(builder.get()));
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* made = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1)
    return failure(Errc::crypto_failed, "EC is not available");
  // Decoding the point checks that it lies on the curve.
  if (EVP_PKEY_fromdata(context.get(), &made, selection, params.get()) != 1)
    return failure(Errc::bad_key, "point is not on the curve");
  EvpKey key(made);
  const EvpKeyContext checker(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  // The quick check leaves out multiplying by the order: these curves have cofactor 1, so every point has
  // that order.
  if (!checker || EVP_PKEY_public_check_quick(checker.get()) != 1)
    return failure(Errc::bad_key, "point is not a valid public key");
  return key;
}

bool push_point(OSSL_PARAM_BLD* builder, const EcCurve& curve, Bytes point) {
  return OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve.group, 0) == 1 &&
         OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) == 1;
}

bool has_uncompressed_form(const EcCurve& curve, Bytes point) {
  return point.size() == curve.point_size() && point.front() == std::byte{POINT_CONVERSION_UNCOMPRESSED};
}

}  // namespace

Result<EvpKey> generate_ec_key(const EcCurve& curve) {
  EvpKey key(EVP_EC_gen(curve.group));
  if (!key) return failure(Errc::crypto_failed, "EC is not available");
  return key;
}

Result<EvpKey> ec_public_key(const EcCurve& curve, Bytes point) {
  if (!has_uncompressed_form(curve, point)) return failure(Errc::bad_key, "point is not uncompressed");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || !push_point(builder.get(), curve, point)) return failure(Errc::crypto_failed);
  return key_from(builder, EVP_PKEY_PUBLIC_KEY);
}

Result<EvpKey> ec_private_key(const EcCurve& curve, Bytes point, Bytes scalar) {
  if (!has_uncompressed_form(curve, point)) return failure(Errc::bad_key, "point is not uncompressed");
  if (scalar.empty() || scalar.size() > curve.field_size)
    return failure(Errc::bad_key, "private scalar has a wrong size");
  const ParamBuilder builder(OSSL_PARAM_BLD_new());
  const Bignum number(BN_secure_new());
  if (!builder || !number ||
      BN_bin2bn(octets(scalar), static_cast<int>(scalar.size()), number.get()) == nullptr ||
      !push_point(builder.get(), curve, point) ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_PRIV_KEY, number.get()) != 1)
    return failure(Errc::crypto_failed);
  return key_from(builder, EVP_PKEY_KEYPAIR);
}

std::vector<std::byte> ec_point(const EcCurve& curve, EVP_PKEY* key) {
  std::vector<std::byte> point(curve.point_size());
  std::size_t size = 0;
  if (EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") != 1 ||
      EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, octets(MutableBytes(point)),
                                      point.size(), &size) != 1 ||
      size != point.size())
    return {};
  return point;
}

}  // namespace fairlead::ssh
