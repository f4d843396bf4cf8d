// SPDX-License-Identifier: Apache-2.0
// What AES-GCM packets look like (RFC 5647 section 7), whoever computes them.
#pragma once

#include "crypto/packet_constructions.hpp"

namespace fairlead::ssh {

inline constexpr std::size_t gcm_tag_size = 16;

class GcmCipher : public PacketCipher {
 public:
  std::size_t block_size() const noexcept override { return 16; }
  std::size_t tag_size() const noexcept override { return gcm_tag_size; }
  bool length_is_apart() const noexcept override { return true; }
  bool is_length_oracle() const noexcept override { return false; }
  std::size_t head_size() const noexcept override { return packet_length_size; }
};

}  // namespace fairlead::ssh
