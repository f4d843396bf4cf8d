// SPDX-License-Identifier: Apache-2.0
// The Blowfish cipher with bcrypt's salted key schedule; only bcrypt_pbkdf uses it. OpenSSL has Blowfish, but
// neither this key schedule nor access to the state it needs.
#pragma once

#include "base/secret.hpp"

#include <array>
#include <cstdint>

namespace fairlead::ssh {

class Blowfish {
 public:
  static constexpr std::size_t block_size = 8;
  struct Block {
    std::uint32_t left, right;
  };

  Blowfish() noexcept;
  ~Blowfish();
  Blowfish(const Blowfish&) = delete;
  Blowfish& operator=(const Blowfish&) = delete;

  // Mixes a key into the state; with `salt` (a multiple of 4 bytes) the salt is mixed into every step.
  // Neither is empty.
  void expand(Bytes key) noexcept;
  void expand(Bytes key, Bytes salt) noexcept;
  void encrypt(Block& block) const noexcept;

 private:
  static constexpr std::size_t rounds = 16;
  struct State {
    std::array<std::uint32_t, rounds + 2> subkeys;
    std::array<std::array<std::uint32_t, 256>, 4> boxes;
  };
  static const State initial;

  void mix_key(Bytes key) noexcept;
  template <class NextSalt>
  void refill(NextSalt next_salt) noexcept;

  State state_;
};

}  // namespace fairlead::ssh
