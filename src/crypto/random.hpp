// SPDX-License-Identifier: Apache-2.0
// Where random bytes come from: the operating system's generator through OpenSSL, or a fixed stream in tests
// and fuzzers.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <cstddef>
#include <string>

namespace fairlead::ssh {

class RandomSource {
 public:
  virtual ~RandomSource() = default;
  virtual void fill(MutableBytes bytes) noexcept = 0;
};

// Thread-safe; lives for ever. Terminates when the system has no randomness.
[[nodiscard]] RandomSource& system_random() noexcept;

// `bytes` random bytes as hexadecimal digits, for names that nobody else has.
[[nodiscard]] std::string random_hex(std::size_t bytes);

}  // namespace fairlead::ssh
