// SPDX-License-Identifier: Apache-2.0
// Polynomials of ML-KEM (FIPS 203 section 4): arithmetic modulo X^256 + 1 and 3329, and their bytes.
// Time never depends on a coefficient, and no coefficient is ever divided (KyberSlash).
#pragma once

#include "base/secret.hpp"

#include <array>
#include <cstdint>
#include <span>

namespace fairlead::ssh::mlkem {

inline constexpr std::int32_t modulus = 3329;
inline constexpr std::size_t degree = 256;

// Keeps the compiler from seeing that a value is a mask or a bit, which it would be free to branch on.
template <class T>
[[nodiscard]] inline T hidden(T value) noexcept {
  asm volatile("" : "+r"(value));
  return value;
}

// Coefficients stand for their residue, in -modulus < c < modulus between all functions below. Wiped, because
// most are secret.
struct Polynomial {
  std::array<std::int16_t, degree> coefficients{};

  Polynomial() = default;
  Polynomial(const Polynomial&) = default;
  Polynomial& operator=(const Polynomial&) = default;
  ~Polynomial() { wipe(std::as_writable_bytes(std::span(coefficients))); }
};

void add(Polynomial& to, const Polynomial& other) noexcept;
void subtract(Polynomial& from, const Polynomial& other) noexcept;

// Algorithms 9 and 10, in place.
void ntt(Polynomial& polynomial) noexcept;
void inverse_ntt(Polynomial& polynomial) noexcept;

// What is summed up of Algorithm 11's products, both factors in the NTT domain.
class ProductSum {
 public:
  // At most max_products of them.
  void add(const Polynomial& a, const Polynomial& b) noexcept;
  [[nodiscard]] Polynomial take() noexcept;

  static constexpr int max_products = 4;

 private:
  Polynomial sum_;
};

// Algorithm 5 for d = 12; `bytes` has 384.
void encode(const Polynomial& polynomial, MutableBytes bytes) noexcept;
// Algorithm 6 for d = 12. False when a coefficient is not below the modulus.
[[nodiscard]] bool decode(Bytes bytes, Polynomial& polynomial) noexcept;
// Compress (4.7) and Algorithm 5; the size of `bytes` says to how many bits: 32 * bits bytes, bits 1, 4
// or 10.
void compress(const Polynomial& polynomial, MutableBytes bytes) noexcept;
// Algorithm 6 and Decompress (4.8).
void decompress(Bytes bytes, Polynomial& polynomial) noexcept;

// Algorithm 7 on as much of the XOF's output as there is. False when that is too little. Takes time by the
// bytes, which are public.
[[nodiscard]] bool sample_uniform(Bytes bytes, Polynomial& polynomial) noexcept;
// Algorithm 8 for eta = 2; `bytes` has 128.
void sample_binomial(Bytes bytes, Polynomial& polynomial) noexcept;

}  // namespace fairlead::ssh::mlkem
