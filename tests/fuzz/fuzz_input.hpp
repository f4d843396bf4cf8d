// SPDX-License-Identifier: Apache-2.0
// A fuzzer's bytes as a stream of choices. Past the end everything is zero and empty.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace fairlead::ssh::fuzz {

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) noexcept
      : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }
  [[nodiscard]] Bytes rest() const noexcept { return rest_; }

  Bytes take(std::size_t size) noexcept {
    const Bytes taken = rest_.first(std::min(size, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::uint8_t byte() noexcept {
    const Bytes taken = take(1);
    return taken.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(taken[0]);
  }
  std::uint32_t u32() noexcept {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value = value << 8 | byte();
    return value;
  }
  // Small numbers mostly, the edges of 32 bits sometimes.
  std::uint32_t number() noexcept {
    const std::uint8_t choice = byte();
    if (choice < 200) return choice;
    return choice < 250 ? byte() * 257U : u32();
  }

 private:
  Bytes rest_;
};

// The oracle: what must hold whatever the input is.
inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace fairlead::ssh::fuzz
