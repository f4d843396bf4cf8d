// SPDX-License-Identifier: Apache-2.0
// FIPS 203 section 4 with Montgomery's and Barrett's reductions.
#include "crypto/mlkem_ring.hpp"

namespace fairlead::ssh::mlkem {

namespace {

constexpr std::int32_t q = modulus;
constexpr std::int32_t root = 17;  // of unity, of order 256

// a * 2^-16, for |a| < 2^15 * q; the result is in (-q, q).
constexpr std::int16_t montgomery(std::int32_t a) noexcept {
  constexpr std::int32_t inverse = -3327;  // of q modulo 2^16
  static_assert((inverse * q & 0xffff) == 1);
  const auto factor = static_cast<std::int16_t>(static_cast<std::int16_t>(a) * inverse);
  return static_cast<std::int16_t>((a - factor * q) >> 16);
}

// `constant` is in Montgomery form, so this is the plain product.
constexpr std::int16_t times(std::int16_t a, std::int16_t constant) noexcept {
  return montgomery(std::int32_t{a} * constant);
}

// Barrett: any 16 bits to (-q/2, q/2).
constexpr std::int16_t centred(std::int16_t a) noexcept {
  constexpr std::int32_t reciprocal = ((1 << 26) + q / 2) / q;
  const std::int32_t quotient = (reciprocal * a + (1 << 25)) >> 26;
  return static_cast<std::int16_t>(a - quotient * q);
}

// (-q, q) to [0, q).
std::uint32_t canonical(std::int16_t a) noexcept {
  const std::int32_t negative = hidden(std::int32_t{a} >> 15);
  return static_cast<std::uint32_t>(a + (q & negative));
}

// constant * 2^16 modulo q, in (-q/2, q/2]. Not for secrets.
constexpr std::int16_t montgomery_form(std::int32_t constant) noexcept {
  const auto residue = static_cast<std::int32_t>((std::int64_t{constant} << 16) % q);
  return static_cast<std::int16_t>(residue > q / 2 ? residue - q : residue);
}

constexpr std::int32_t power_of_root(unsigned exponent) noexcept {
  std::int32_t result = 1;
  for (unsigned i = 0; i < exponent; ++i) result = result * root % q;
  return result;
}

// 17^BitRev7(i).
constexpr auto zetas = [] {
  std::array<std::int16_t, 128> table{};
  for (unsigned i = 0; i < table.size(); ++i) {
    unsigned reversed = 0;
    for (unsigned bit = 0; bit < 7; ++bit) reversed |= (i >> bit & 1U) << (6 - bit);
    table[i] = montgomery_form(power_of_root(reversed));
  }
  return table;
}();

constexpr std::int16_t inverse_of_128 = montgomery_form(3303);
static_assert(128 * 3303 % q == 1);
// Makes up for the 2^-16 of a montgomery() without a constant in Montgomery form.
constexpr std::int16_t two_to_16 = montgomery_form((1 << 16) % q);

// round(value * 2^bits / q) modulo 2^bits, for value in [0, q): a division by multiplication.
constexpr std::uint32_t compressed(std::uint32_t value, unsigned bits) noexcept {
  constexpr unsigned shift = 36;
  constexpr std::uint64_t reciprocal = (std::uint64_t{1} << shift) / q + 1;
  const std::uint64_t numerator = (std::uint64_t{value} << bits) + q / 2;
  return static_cast<std::uint32_t>(numerator * reciprocal >> shift) & ((1U << bits) - 1);
}

constexpr bool compresses_exactly(unsigned bits) {
  for (std::uint32_t value = 0; value < q; ++value)
    if (compressed(value, bits) != ((value << bits) + q / 2) / q % (1U << bits)) return false;
  return true;
}
static_assert(compresses_exactly(1) && compresses_exactly(4) && compresses_exactly(10));

// Algorithm 5. Values are below 2^bits.
class BitWriter {
 public:
  BitWriter(MutableBytes bytes, unsigned bits) noexcept : bytes_(bytes), bits_(bits) {}
  void put(std::uint32_t value) noexcept {
    pending_ |= value << count_;
    for (count_ += bits_; count_ >= 8; count_ -= 8) {
      bytes_[at_++] = static_cast<std::byte>(pending_);
      pending_ >>= 8;
    }
  }

 private:
  MutableBytes bytes_;
  unsigned bits_;
  std::size_t at_ = 0;
  std::uint32_t pending_ = 0;
  unsigned count_ = 0;  // of bits pending
};

// Algorithm 6.
class BitReader {
 public:
  BitReader(Bytes bytes, unsigned bits) noexcept : bytes_(bytes), bits_(bits) {}
  std::uint32_t get() noexcept {
    for (; count_ < bits_; count_ += 8) pending_ |= std::to_integer<std::uint32_t>(bytes_[at_++]) << count_;
    const std::uint32_t value = pending_ & ((1U << bits_) - 1);
    pending_ >>= bits_;
    count_ -= bits_;
    return value;
  }

 private:
  Bytes bytes_;
  unsigned bits_;
  std::size_t at_ = 0;
  std::uint32_t pending_ = 0;
  unsigned count_ = 0;
};

unsigned bits_a_coefficient(std::size_t bytes) noexcept {
  return static_cast<unsigned>(bytes * 8 / degree);
}

}  // namespace

void add(Polynomial& to, const Polynomial& other) noexcept {
  for (std::size_t i = 0; i < degree; ++i)
    to.coefficients[i] = centred(static_cast<std::int16_t>(to.coefficients[i] + other.coefficients[i]));
}

void subtract(Polynomial& from, const Polynomial& other) noexcept {
  for (std::size_t i = 0; i < degree; ++i)
    from.coefficients[i] = centred(static_cast<std::int16_t>(from.coefficients[i] - other.coefficients[i]));
}

void ntt(Polynomial& polynomial) noexcept {
  auto& f = polynomial.coefficients;
  std::size_t zeta = 1;
  // Every layer adds less than q to a coefficient: below 8 q at the end, which fits.
  for (std::size_t length = 128; length >= 2; length /= 2)
    for (std::size_t start = 0; start < degree; start += 2 * length, ++zeta)
      for (std::size_t j = start; j < start + length; ++j) {
        const std::int16_t t = times(f[j + length], zetas[zeta]);
        f[j + length] = static_cast<std::int16_t>(f[j] - t);
        f[j] = static_cast<std::int16_t>(f[j] + t);
      }
  for (std::int16_t& coefficient : f) coefficient = centred(coefficient);
}

void inverse_ntt(Polynomial& polynomial) noexcept {
  auto& f = polynomial.coefficients;
  std::size_t zeta = 127;
  for (std::size_t length = 2; length <= 128; length *= 2)
    for (std::size_t start = 0; start < degree; start += 2 * length, --zeta)
      for (std::size_t j = start; j < start + length; ++j) {
        const std::int16_t t = f[j];
        f[j] = centred(static_cast<std::int16_t>(t + f[j + length]));
        f[j + length] = times(static_cast<std::int16_t>(f[j + length] - t), zetas[zeta]);
      }
  for (std::int16_t& coefficient : f) coefficient = times(coefficient, inverse_of_128);
}

void ProductSum::add(const Polynomial& a, const Polynomial& b) noexcept {
  for (std::size_t i = 0; i < degree; i += 4) {
    // Modulo X^2 - gamma and X^2 + gamma in turn (Algorithm 12): gamma of the pair 2k is zetas[64 + k], of
    // 2k + 1 its negative.
    const std::int16_t gamma = zetas[64 + i / 4];
    for (const std::size_t j : {i, i + 2}) {
      const std::int32_t a0 = a.coefficients[j];
      const std::int32_t a1 = a.coefficients[j + 1];
      const std::int32_t b0 = b.coefficients[j];
      const std::int32_t b1 = b.coefficients[j + 1];
      const std::int16_t high = times(montgomery(a1 * b1), gamma);
      const std::int32_t low = montgomery(a0 * b0) + (j == i ? high : -high);
      const std::int32_t cross = montgomery(a0 * b1 + a1 * b0);
      sum_.coefficients[j] = static_cast<std::int16_t>(sum_.coefficients[j] + low);
      sum_.coefficients[j + 1] = static_cast<std::int16_t>(sum_.coefficients[j + 1] + cross);
    }
  }
}

Polynomial ProductSum::take() noexcept {
  // A product adds less than 2 q to a coefficient.
  static_assert(max_products * 2 * q < INT16_MAX);
  for (std::int16_t& coefficient : sum_.coefficients) coefficient = times(coefficient, two_to_16);
  return sum_;
}

void encode(const Polynomial& polynomial, MutableBytes bytes) noexcept {
  BitWriter writer(bytes, 12);
  for (const std::int16_t coefficient : polynomial.coefficients) writer.put(canonical(coefficient));
}

bool decode(Bytes bytes, Polynomial& polynomial) noexcept {
  BitReader reader(bytes, 12);
  bool good = true;
  for (std::int16_t& coefficient : polynomial.coefficients) {
    const std::uint32_t value = reader.get();
    good = good && value < q;  // what is decoded is public
    coefficient = static_cast<std::int16_t>(value);
  }
  return good;
}

void compress(const Polynomial& polynomial, MutableBytes bytes) noexcept {
  const unsigned bits = bits_a_coefficient(bytes.size());
  BitWriter writer(bytes, bits);
  for (const std::int16_t coefficient : polynomial.coefficients)
    writer.put(compressed(canonical(coefficient), bits));
}

void decompress(Bytes bytes, Polynomial& polynomial) noexcept {
  const unsigned bits = bits_a_coefficient(bytes.size());
  BitReader reader(bytes, bits);
  for (std::int16_t& coefficient : polynomial.coefficients) {
    const std::uint32_t value = hidden(reader.get());  // a message's bits are secret
    coefficient = static_cast<std::int16_t>((value * q + (1U << (bits - 1))) >> bits);
  }
}

bool sample_uniform(Bytes bytes, Polynomial& polynomial) noexcept {
  std::size_t found = 0;
  BitReader reader(bytes, 12);
  for (std::size_t left = bytes.size() * 8 / 12; left > 0 && found < degree; --left)
    if (const std::uint32_t value = reader.get(); value < q)
      polynomial.coefficients[found++] = static_cast<std::int16_t>(value);
  return found == degree;
}

void sample_binomial(Bytes bytes, Polynomial& polynomial) noexcept {
  BitReader reader(bytes, 4);
  for (std::int16_t& coefficient : polynomial.coefficients) {
    const std::uint32_t bits = reader.get();
    const std::uint32_t plus = (bits & 1) + (bits >> 1 & 1);
    const std::uint32_t minus = (bits >> 2 & 1) + (bits >> 3);
    coefficient =
        static_cast<std::int16_t>(static_cast<std::int32_t>(plus) - static_cast<std::int32_t>(minus));
  }
}

}  // namespace fairlead::ssh::mlkem
