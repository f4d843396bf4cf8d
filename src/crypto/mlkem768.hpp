// SPDX-License-Identifier: Apache-2.0
// ML-KEM-768 (FIPS 203): OpenSSL's from 3.5 on, else our own on OpenSSL's SHA-3. CMakeLists.txt chooses.
#pragma once

#include "base/secret.hpp"

#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace fairlead::ssh {

inline constexpr std::size_t mlkem768_key_size = 1184;  // an encapsulation key
inline constexpr std::size_t mlkem768_ciphertext_size = 1088;
inline constexpr std::size_t mlkem768_secret_size = 32;
inline constexpr std::size_t mlkem768_seed_size = 64;     // d and z of ML-KEM.KeyGen_internal
inline constexpr std::size_t mlkem768_message_size = 32;  // m of ML-KEM.Encaps_internal

// One decapsulation key.
class MlKem768Key {
 public:
  [[nodiscard]] static Result<MlKem768Key> generate();
  // Always the same key for the same seed; apart from generate() only tests have a use for it.
  [[nodiscard]] static Result<MlKem768Key> from_seed(std::span<const std::byte, mlkem768_seed_size> seed);

  MlKem768Key(MlKem768Key&&) noexcept;
  MlKem768Key& operator=(MlKem768Key&&) noexcept;
  ~MlKem768Key();

  [[nodiscard]] Bytes encapsulation_key() const noexcept;
  // Fails with key_exchange_failed for a wrong length only: what was made for another key, or by nobody,
  // gives a secret that no one else knows (implicit rejection), in the same time.
  [[nodiscard]] Result<SecretBytes> decapsulate(Bytes ciphertext) const;

 private:
  struct Parts;
  explicit MlKem768Key(std::unique_ptr<Parts> parts) noexcept;

  std::unique_ptr<Parts> parts_;
};

struct MlKem768Encapsulation {
  std::vector<std::byte> ciphertext;
  SecretBytes shared_secret;
};

// Fails with key_exchange_failed unless `key` has the right length and all its coefficients are below the
// modulus (FIPS 203 section 7.2).
[[nodiscard]] Result<MlKem768Encapsulation> mlkem768_encapsulate(Bytes key);
// Always the same for the same message; apart from the above only tests have a use for it.
[[nodiscard]] Result<MlKem768Encapsulation> mlkem768_encapsulate(
    Bytes key, std::span<const std::byte, mlkem768_message_size> message);

}  // namespace fairlead::ssh
