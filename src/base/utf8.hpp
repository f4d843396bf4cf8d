// SPDX-License-Identifier: Apache-2.0
// UTF-8, one character at a time (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace fairlead::ssh {

struct Utf8Character {
  char32_t code = 0;
  std::size_t size = 0;  // in bytes; 0: the text does not begin with a valid character
};

// The first character. Overlong forms, surrogates and what lies above U+10FFFF are invalid; so is empty text.
[[nodiscard]] Utf8Character decode_utf8(std::string_view text) noexcept;

// Valid throughout, without control characters (C0, DEL, C1).
[[nodiscard]] bool is_clean_utf8(std::string_view text) noexcept;

}  // namespace fairlead::ssh
