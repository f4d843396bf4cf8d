// SPDX-License-Identifier: Apache-2.0
// Conversions between wire integers and bignums.
#include "crypto/mpint.hpp"

namespace fairlead::ssh {

std::optional<Bytes> read_mpint(WireReader& reader) noexcept {
  constexpr std::byte sign_bit{0x80};
  const Bytes value = reader.string();
  if (!reader.ok()) return std::nullopt;
  if (value.empty()) return value;
  if ((value[0] & sign_bit) != std::byte{0}) return std::nullopt;
  if (value[0] != std::byte{0}) return value;
  if (value.size() == 1 || (value[1] & sign_bit) == std::byte{0}) return std::nullopt;
  return value.subspan(1);
}

Bignum to_bignum(Bytes magnitude) noexcept {
  Bignum number(BN_secure_new());
  if (!number || BN_bin2bn(octets(magnitude), static_cast<int>(magnitude.size()), number.get()) == nullptr)
    return nullptr;
  return number;
}

SecretBytes to_magnitude(const BIGNUM* number) {
  SecretBytes magnitude(static_cast<std::size_t>(BN_num_bytes(number)));
  BN_bn2bin(number, octets(MutableBytes(magnitude)));
  return magnitude;
}

Bignum key_number(const EVP_PKEY* key, const char* name) noexcept {
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &number) != 1) number = nullptr;
  return Bignum(number);
}

}  // namespace fairlead::ssh
