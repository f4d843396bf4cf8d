// SPDX-License-Identifier: Apache-2.0
// Non-negative integers on the wire (RFC 4251 section 5) and as OpenSSL's bignums.
#pragma once

#include "base/secret.hpp"
#include "base/wire.hpp"
#include "crypto/evp.hpp"

#include <optional>

namespace fairlead::ssh {

// The magnitude without its sign byte, big endian, empty for zero; points into the input. Nothing for a field
// that does not fit, a negative number or needless leading zeros: two encodings of one key would be two keys.
[[nodiscard]] std::optional<Bytes> read_mpint(WireReader& reader) noexcept;

// Null when out of memory. The number's memory is wiped when it is freed.
[[nodiscard]] Bignum to_bignum(Bytes magnitude) noexcept;
[[nodiscard]] SecretBytes to_magnitude(const BIGNUM* number);
// The named integer of a key; null when it has none.
[[nodiscard]] Bignum key_number(const EVP_PKEY* key, const char* name) noexcept;

}  // namespace fairlead::ssh
