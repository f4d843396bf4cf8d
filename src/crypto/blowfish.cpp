// SPDX-License-Identifier: Apache-2.0
// Blowfish's rounds and key schedules.
#include "crypto/blowfish.hpp"

#include "crypto/pi_digits.hpp"

namespace fairlead::ssh {

namespace {

std::uint32_t octet_of(std::uint32_t word, unsigned place) {
  return word >> (8 * place) & 0xff;
}

// Reads bytes as big-endian words, again and again from the front.
class WordStream {
 public:
  explicit WordStream(Bytes bytes) noexcept : bytes_(bytes) {}
  std::uint32_t next() noexcept {
    std::uint32_t word = 0;
    for (int i = 0; i < 4; ++i) {
      word = word << 8 | std::to_integer<std::uint32_t>(bytes_[position_]);
      if (++position_ == bytes_.size()) position_ = 0;
    }
    return word;
  }

 private:
  Bytes bytes_;
  std::size_t position_ = 0;
};

}  // namespace

// Blowfish starts from the fraction of pi: first the subkeys, then the boxes.
constinit const Blowfish::State Blowfish::initial = [] {
  State state{};
  std::size_t at = 0;
  for (std::uint32_t& word : state.subkeys) word = pi_digits[at++];
  for (auto& box : state.boxes)
    for (std::uint32_t& word : box) word = pi_digits[at++];
  return state;
}();

Blowfish::Blowfish() noexcept : state_(initial) {}
Blowfish::~Blowfish() {
  wipe(std::as_writable_bytes(std::span(&state_, 1)));
}

void Blowfish::encrypt(Block& block) const noexcept {
  const auto& boxes = state_.boxes;
  const auto mix = [&](std::uint32_t word) {
    return ((boxes[0][octet_of(word, 3)] + boxes[1][octet_of(word, 2)]) ^ boxes[2][octet_of(word, 1)]) +
           boxes[3][octet_of(word, 0)];
  };
  std::uint32_t left = block.left;
  std::uint32_t right = block.right;
  for (std::size_t round = 0; round < rounds; round += 2) {
    left ^= state_.subkeys[round];
    right ^= mix(left);
    right ^= state_.subkeys[round + 1];
    left ^= mix(right);
  }
  block = {right ^ state_.subkeys[rounds + 1], left ^ state_.subkeys[rounds]};
}

void Blowfish::mix_key(Bytes key) noexcept {
  WordStream words(key);
  for (std::uint32_t& subkey : state_.subkeys) subkey ^= words.next();
}

// Replaces the whole state by a chain of encryptions under itself.
template <class NextSalt>
void Blowfish::refill(NextSalt next_salt) noexcept {
  Block block{0, 0};
  const auto fill = [&](auto& words) {
    for (std::size_t i = 0; i < words.size(); i += 2) {
      block.left ^= next_salt();
      block.right ^= next_salt();
      encrypt(block);
      words[i] = block.left;
      words[i + 1] = block.right;
    }
  };
  fill(state_.subkeys);
  for (auto& box : state_.boxes) fill(box);
}

void Blowfish::expand(Bytes key) noexcept {
  mix_key(key);
  refill([] { return std::uint32_t{0}; });
}

void Blowfish::expand(Bytes key, Bytes salt) noexcept {
  mix_key(key);
  WordStream words(salt);
  refill([&] { return words.next(); });
}

}  // namespace fairlead::ssh
