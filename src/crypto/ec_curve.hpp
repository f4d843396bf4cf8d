// SPDX-License-Identifier: Apache-2.0
// The three NIST curves of RFC 5656, and their points and keys in EVP.
#pragma once

#include "crypto/evp.hpp"

#include <fairlead/ssh/error.hpp>

#include <string_view>
#include <vector>

namespace fairlead::ssh {

struct EcCurve {
  std::string_view key_type;  // "ecdsa-sha2-nistp256"
  std::string_view name;      // "nistp256", in keys
  const char* group;          // OpenSSL's name of the curve
  const char* hash_name;      // RFC 5656 section 6.2.1, by size of the curve
  std::size_t field_size;     // bytes of a coordinate and of a scalar

  [[nodiscard]] std::size_t point_size() const noexcept { return 1 + 2 * field_size; }
};

inline constexpr EcCurve nistp256{"ecdsa-sha2-nistp256", "nistp256", "P-256", "SHA256", 32};
inline constexpr EcCurve nistp384{"ecdsa-sha2-nistp384", "nistp384", "P-384", "SHA384", 48};
inline constexpr EcCurve nistp521{"ecdsa-sha2-nistp521", "nistp521", "P-521", "SHA512", 66};

[[nodiscard]] Result<EvpKey> generate_ec_key(const EcCurve& curve);
// `point` must be uncompressed, of the curve's size, on the curve and not infinity (RFC 5656 section 4): else
// bad_key.
[[nodiscard]] Result<EvpKey> ec_public_key(const EcCurve& curve, Bytes point);
// `scalar` is big endian and belongs to `point`, which is checked as above; that they fit is not.
[[nodiscard]] Result<EvpKey> ec_private_key(const EcCurve& curve, Bytes point, Bytes scalar);
// The uncompressed public point; empty when OpenSSL fails.
[[nodiscard]] std::vector<std::byte> ec_point(const EcCurve& curve, EVP_PKEY* key);

}  // namespace fairlead::ssh
