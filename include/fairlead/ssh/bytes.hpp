// SPDX-License-Identifier: Apache-2.0
// Byte spans and their conversions; the vocabulary of every floor. Nothing here owns memory.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace fairlead::ssh {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// Views of the same memory: valid exactly as long as the argument.
inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::string to_string(Bytes bytes) {
  return std::string(as_text(bytes));
}

// Equality of content. Not constant time: for secrets use constant_time_equal (base/secret.hpp).
inline bool equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace fairlead::ssh
