// SPDX-License-Identifier: Apache-2.0
// Splitting lines of public key files.
#include "crypto/key_line.hpp"

#include "crypto/hash.hpp"

#include <algorithm>

namespace fairlead::ssh {

Result<KeyLine> split_key_line(std::string_view line, std::size_t most) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto next_word = [&] {
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const std::string_view word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
  };
  const std::string_view type = next_word();
  const std::string_view encoded = next_word();
  if (encoded.size() > most * 4 / 3 + 4) return failure(Errc::bad_key, "key is too large");
  auto blob = from_base64(encoded);
  if (!blob || blob->empty()) return failure(Errc::bad_key, "not a type and a key in base64");
  return KeyLine{.type = type, .blob = std::move(*blob)};
}

}  // namespace fairlead::ssh
