// SPDX-License-Identifier: Apache-2.0
// bcrypt_pbkdf: PBKDF2's structure around a bcrypt whose salt and password are SHA-512 digests, with the
// output bytes dealt out in turn to the positions of the key, so that every part of the key costs all the
// work.
#include "crypto/bcrypt_pbkdf.hpp"

#include "base/wire.hpp"
#include "crypto/blowfish.hpp"
#include "crypto/hash.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

constexpr std::size_t hash_size = 32;
constexpr int expansions = 64;  // bcrypt's cost of 6
constexpr int encryptions = 64;
constexpr std::string_view plaintext = "OxychromaticBlowfishSwatDynamite";
static_assert(plaintext.size() == hash_size);

using BcryptHash = std::array<std::byte, hash_size>;

SecretBytes sha512(std::initializer_list<Bytes> parts) {
  std::vector<std::byte> plain = digest("SHA512", parts);
  SecretBytes result = to_secret(plain);
  wipe(plain);
  return result;
}

BcryptHash bcrypt_hash(Bytes password_digest, Bytes salt_digest) {
  Blowfish cipher;
  cipher.expand(password_digest, salt_digest);
  for (int i = 0; i < expansions; ++i) {
    cipher.expand(salt_digest);
    cipher.expand(password_digest);
  }
  BcryptHash hash{};
  for (std::size_t at = 0; at < hash_size; at += Blowfish::block_size) {
    Blowfish::Block block{load_u32(as_bytes(plaintext).data() + at),
                          load_u32(as_bytes(plaintext).data() + at + 4)};
    for (int i = 0; i < encryptions; ++i) cipher.encrypt(block);
    store_u32(hash.data() + at, __builtin_bswap32(block.left));  // little endian, unlike all else in Blowfish
    store_u32(hash.data() + at + 4, __builtin_bswap32(block.right));
  }
  return hash;
}

}  // namespace

SecretBytes bcrypt_pbkdf(std::string_view passphrase, Bytes salt, std::uint32_t rounds, std::size_t size) {
  const SecretBytes password_digest = sha512({as_bytes(passphrase)});
  const std::size_t blocks = (size + hash_size - 1) / hash_size;
  SecretBytes key(size);
  for (std::size_t block = 0; block < blocks; ++block) {
    std::array<std::byte, 4> number;
    store_u32(number.data(), static_cast<std::uint32_t>(block + 1));
    BcryptHash hash = bcrypt_hash(password_digest, sha512({salt, number}));
    BcryptHash sum = hash;
    for (std::uint32_t round = 1; round < rounds; ++round) {
      hash = bcrypt_hash(password_digest, sha512({hash}));
      for (std::size_t i = 0; i < hash_size; ++i) sum[i] ^= hash[i];
    }
    for (std::size_t i = 0; i < hash_size && i * blocks + block < size; ++i) key[i * blocks + block] = sum[i];
    wipe(hash);
    wipe(sum);
  }
  return key;
}

}  // namespace fairlead::ssh
