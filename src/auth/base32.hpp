// SPDX-License-Identifier: Apache-2.0
// Base32 (RFC 4648 section 6) as it is used for secrets that people copy.
#pragma once

#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace fairlead::auth {

// Either case; blanks, dashes and padding may be there or not. Bits beyond the last whole byte are dropped,
// as authenticator applications do. Nothing when there are other characters, or too few for a byte.
[[nodiscard]] std::optional<ssh::SecretBytes> from_base32(std::string_view text);

// Without padding.
[[nodiscard]] std::string to_base32(ssh::Bytes bytes);

}  // namespace fairlead::auth
