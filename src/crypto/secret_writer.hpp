// SPDX-License-Identifier: Apache-2.0
// WireWriter's encodings for secrets: every buffer that the bytes pass through is wiped.
#pragma once

#include "base/secret.hpp"
#include "base/wire.hpp"

#include <algorithm>
#include <array>

namespace fairlead::ssh {

class SecretWriter {
 public:
  SecretWriter& u32(std::uint32_t value) {
    std::array<std::byte, 4> encoded;
    store_u32(encoded.data(), value);
    return raw(encoded);
  }
  SecretWriter& raw(Bytes value) {
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
  }
  SecretWriter& string(Bytes value) { return u32(static_cast<std::uint32_t>(value.size())).raw(value); }
  SecretWriter& string(std::string_view value) { return string(as_bytes(value)); }
  // A non-negative integer, big endian, as RFC 4251 section 5 wants it.
  SecretWriter& mpint(Bytes magnitude) {
    while (!magnitude.empty() && magnitude.front() == std::byte{0}) magnitude = magnitude.subspan(1);
    const bool sign_byte = !magnitude.empty() && (magnitude.front() & std::byte{0x80}) != std::byte{0};
    u32(static_cast<std::uint32_t>(magnitude.size() + (sign_byte ? 1 : 0)));
    if (sign_byte) bytes_.push_back(std::byte{0});
    return raw(magnitude);
  }

  [[nodiscard]] SecretBytes take() { return std::move(bytes_); }

 private:
  SecretBytes bytes_;
};

}  // namespace fairlead::ssh
