// SPDX-License-Identifier: Apache-2.0
// Bytes as hexadecimal digits, in lower case.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace fairlead::ssh {

[[nodiscard]] inline std::string to_hex(Bytes bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<std::size_t>(b) >> 4];
    text += digits[std::to_integer<std::size_t>(b) & 15];
  }
  return text;
}

}  // namespace fairlead::ssh
