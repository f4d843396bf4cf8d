// SPDX-License-Identifier: Apache-2.0
// RFC 4251 section 5's data types: WireReader decodes from a span, WireWriter encodes into a ByteBuffer.
#pragma once

#include "base/byte_buffer.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace fairlead::ssh {

inline std::uint32_t load_u32(const std::byte* from) noexcept {
  std::uint32_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return std::endian::native == std::endian::little ? __builtin_bswap32(value) : value;
}
inline void store_u32(std::byte* to, std::uint32_t value) noexcept {
  if (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  std::memcpy(to, &value, sizeof value);
}
inline void store_u64(std::byte* to, std::uint64_t value) noexcept {
  store_u32(to, static_cast<std::uint32_t>(value >> 32));
  store_u32(to + 4, static_cast<std::uint32_t>(value));
}

// Never allocates, never reads past its span. The first field that does not fit makes the reader fail for
// good (ok() is false and every later field is zero or empty), so a message is decoded first and checked
// once, with done(). Returned spans point into the input.
class WireReader {
 public:
  explicit WireReader(Bytes input) noexcept : rest_(input) {}

  std::uint8_t byte() noexcept;
  bool boolean() noexcept { return byte() != 0; }
  std::uint32_t u32() noexcept;
  std::uint64_t u64() noexcept;
  Bytes string() noexcept;  // uint32 length, then the bytes
  std::string_view text() noexcept { return as_text(string()); }
  Bytes raw(std::size_t size) noexcept;

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  // Everything decoded and nothing left over.
  [[nodiscard]] bool done() const noexcept { return ok_ && rest_.empty(); }
  [[nodiscard]] Bytes rest() const noexcept { return rest_; }

 private:
  Bytes rest_;
  bool ok_ = true;
};

// Appends to a buffer that the caller owns.
class WireWriter {
 public:
  explicit WireWriter(ByteBuffer& output) noexcept : output_(output) {}

  WireWriter& byte(std::uint8_t value);
  WireWriter& boolean(bool value) { return byte(value ? 1 : 0); }
  WireWriter& u32(std::uint32_t value);
  WireWriter& u64(std::uint64_t value);
  WireWriter& string(Bytes value);
  WireWriter& string(std::string_view value) { return string(as_bytes(value)); }
  WireWriter& raw(Bytes value);
  // A non-negative integer, big endian, of any length: leading zeros are dropped, a sign byte is added when
  // needed.
  WireWriter& mpint(Bytes magnitude);

 private:
  ByteBuffer& output_;
};

}  // namespace fairlead::ssh
