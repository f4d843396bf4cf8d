// SPDX-License-Identifier: Apache-2.0
// The randomness of ML-KEM-768; the mathematics is in mlkem768_fips203.cpp or mlkem768_openssl.cpp.
#include "crypto/mlkem768.hpp"

#include "crypto/random.hpp"

#include <array>

namespace fairlead::ssh {

Result<MlKem768Key> MlKem768Key::generate() {
  std::array<std::byte, mlkem768_seed_size> seed;
  system_random().fill(seed);
  auto result = from_seed(seed);
  wipe(seed);
  return result;
}

Result<MlKem768Encapsulation> mlkem768_encapsulate(Bytes key) {
  std::array<std::byte, mlkem768_message_size> message;
  system_random().fill(message);
  auto result = mlkem768_encapsulate(key, message);
  wipe(message);
  return result;
}

}  // namespace fairlead::ssh
