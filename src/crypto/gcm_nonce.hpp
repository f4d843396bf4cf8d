// SPDX-License-Identifier: Apache-2.0
// AES-GCM's nonce in SSH (RFC 5647 section 7.1): 4 fixed bytes, then a 64-bit counter of packets.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <algorithm>
#include <array>

namespace fairlead::ssh {

class GcmNonce {
 public:
  static constexpr std::size_t size = 12;

  explicit GcmNonce(Bytes initial) noexcept { std::copy_n(initial.begin(), size, bytes_.begin()); }

  [[nodiscard]] const unsigned char* octets() const noexcept {
    return reinterpret_cast<const unsigned char*>(bytes_.data());
  }
  void advance() noexcept {
    for (std::size_t i = size; i-- > fixed_size;) {
      bytes_[i] = static_cast<std::byte>(std::to_integer<unsigned>(bytes_[i]) + 1);
      if (bytes_[i] != std::byte{0}) return;  // no carry
    }
  }

 private:
  static constexpr std::size_t fixed_size = 4;
  std::array<std::byte, size> bytes_;
};

}  // namespace fairlead::ssh
