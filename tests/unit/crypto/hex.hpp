// SPDX-License-Identifier: Apache-2.0
// Hexadecimal text of test vectors.
#pragma once

#include "base/hex.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <stdexcept>
#include <string>
#include <vector>

namespace fairlead::ssh {

inline std::vector<std::byte> from_hex(std::string_view text) {
  if (text == "-") return {};
  if (text.size() % 2 != 0) throw std::invalid_argument("odd number of hexadecimal digits");
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; i < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

}  // namespace fairlead::ssh
