// SPDX-License-Identifier: Apache-2.0
// What a revocation list says, and OpenSSH's binary form of it (PROTOCOL.krl).
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Certificates of one CA, or of every one.
struct RevokedCertificates {
  struct Range {
    std::uint64_t first, last;
  };
  struct Bitmap {
    std::uint64_t first;          // the serial of the lowest bit
    std::vector<std::byte> bits;  // big endian
  };

  std::vector<std::byte> authority;  // the CA's key in wire form; empty: any
  std::vector<Range> serials;        // sort() puts them in order, without overlap
  std::vector<Bitmap> bitmaps;
  std::vector<std::string> key_ids;

  // Before the first question.
  void sort();
  [[nodiscard]] bool has_serial(std::uint64_t serial) const noexcept;
  [[nodiscard]] bool has_key_id(std::string_view key_id) const noexcept;
};

struct Revocations {
  std::vector<RevokedCertificates> certificates;
  // Digests of plain keys in wire form. Keys that a list names in full are kept by their SHA-256.
  std::vector<std::array<std::byte, 20>> sha1;
  std::vector<std::array<std::byte, 32>> sha256;

  // False when it has not the form of a key: strings after its type, whatever they mean.
  [[nodiscard]] bool add_key(Bytes blob);
  void sort();
  [[nodiscard]] bool has_key(Bytes blob) const;
};

[[nodiscard]] bool is_krl(Bytes content) noexcept;
// Sorted. bad_key with what is wrong.
[[nodiscard]] Result<Revocations> parse_krl(Bytes content);

}  // namespace fairlead::ssh
