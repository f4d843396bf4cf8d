// SPDX-License-Identifier: Apache-2.0
// Five bits a letter.
#include "auth/base32.hpp"

#include <cstdint>

namespace fairlead::auth {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

std::optional<std::uint32_t> value_of(char letter) {
  if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  const std::size_t value = letters.find(letter);
  if (value == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::optional<ssh::SecretBytes> from_base32(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  ssh::SecretBytes bytes;
  bytes.reserve(text.size());  // growing would leave copies, wiped or not
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const char letter : text) {
    if (letter == ' ' || letter == '-') continue;
    const auto value = value_of(letter);
    if (!value) return std::nullopt;
    pending = (pending << 5 | *value) & 0xFFF;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>(pending >> bits));
  }
  // A letter that begins no byte: one is missing.
  if (bits >= 5) return std::nullopt;
  return bytes;
}

std::string to_base32(ssh::Bytes bytes) {
  std::string text;
  std::uint32_t pending = 0;
  unsigned bits = 0;
  for (const std::byte byte : bytes) {
    pending = (pending << 8 | std::to_integer<std::uint32_t>(byte)) & 0xFFFF;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += letters[pending >> (bits - 5) & 31];
  }
  if (bits > 0) text += letters[pending << (5 - bits) & 31];
  return text;
}

}  // namespace fairlead::auth
