// SPDX-License-Identifier: Apache-2.0
// OpenSSL's generator, which the operating system seeds and which is private to each thread.
#include "crypto/random.hpp"

#include "base/hex.hpp"
#include "crypto/evp.hpp"

#include <climits>
#include <openssl/rand.h>

#include <algorithm>
#include <exception>
#include <vector>

namespace fairlead::ssh {

namespace {

class SystemRandom final : public RandomSource {
 public:
  void fill(MutableBytes bytes) noexcept override {
    while (!bytes.empty()) {
      const std::size_t piece = std::min(bytes.size(), std::size_t{INT_MAX});
      // Nothing that was to be random may leave this process when it is not.
      if (RAND_bytes(octets(bytes), static_cast<int>(piece)) != 1) std::terminate();
      bytes = bytes.subspan(piece);
    }
  }
};

}  // namespace

RandomSource& system_random() noexcept {
  static SystemRandom random;
  return random;
}

std::string random_hex(std::size_t bytes) {
  std::vector<std::byte> random(bytes);
  system_random().fill(random);
  return to_hex(random);
}

}  // namespace fairlead::ssh
