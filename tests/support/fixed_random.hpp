// SPDX-License-Identifier: Apache-2.0
// A random source that gives the same bytes in every run (splitmix64).
#pragma once

#include "crypto/random.hpp"

#include <cstdint>

namespace fairlead::ssh::test {

class FixedRandom final : public RandomSource {
 public:
  explicit FixedRandom(std::uint64_t seed = 1) noexcept : state_(seed) {}

  void fill(MutableBytes bytes) noexcept override {
    for (auto& byte : bytes) byte = static_cast<std::byte>(next() >> 32);
  }
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }
  // From 0 up to, not including, `bound`.
  std::size_t below(std::size_t bound) noexcept { return static_cast<std::size_t>(next() % bound); }

 private:
  std::uint64_t state_;
};

}  // namespace fairlead::ssh::test
