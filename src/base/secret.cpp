// SPDX-License-Identifier: Apache-2.0
// Wiping and constant-time comparison. The agent links this floor without OpenSSL, so they are written out
// here.
#include "base/secret.hpp"

#include <cstring>

namespace fairlead::ssh {

void wipe(MutableBytes memory) noexcept {
  if (!memory.empty()) ::explicit_bzero(memory.data(), memory.size());
}

bool constant_time_equal(Bytes a, Bytes b) noexcept {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= std::to_integer<unsigned>(a[i] ^ b[i]);
    asm volatile("" : "+r"(difference));  // keeps the compiler from leaving the loop early
  }
  return difference == 0;
}

}  // namespace fairlead::ssh
