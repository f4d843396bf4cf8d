// SPDX-License-Identifier: Apache-2.0
// Decoding and encoding of RFC 4251 section 5's data types.
#include "base/wire.hpp"

namespace fairlead::ssh {

Bytes WireReader::raw(std::size_t size) noexcept {
  if (!ok_ || rest_.size() < size) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const Bytes field = rest_.first(size);
  rest_ = rest_.subspan(size);
  return field;
}

std::uint8_t WireReader::byte() noexcept {
  const Bytes field = raw(1);
  return field.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(field[0]);
}

std::uint32_t WireReader::u32() noexcept {
  const Bytes field = raw(4);
  return field.empty() ? 0 : load_u32(field.data());
}

std::uint64_t WireReader::u64() noexcept {
  const std::uint64_t high = u32();
  return high << 32 | u32();
}

Bytes WireReader::string() noexcept {
  const std::uint32_t length = u32();
  return raw(length);
}

WireWriter& WireWriter::raw(Bytes value) {
  output_.append(value);
  return *this;
}

WireWriter& WireWriter::byte(std::uint8_t value) {
  const std::byte encoded{value};
  return raw({&encoded, 1});
}

WireWriter& WireWriter::u32(std::uint32_t value) {
  store_u32(output_.prepare(4).data(), value);
  output_.commit(4);
  return *this;
}

WireWriter& WireWriter::u64(std::uint64_t value) {
  store_u64(output_.prepare(8).data(), value);
  output_.commit(8);
  return *this;
}

WireWriter& WireWriter::string(Bytes value) {
  u32(static_cast<std::uint32_t>(value.size()));
  return raw(value);
}

WireWriter& WireWriter::mpint(Bytes magnitude) {
  while (!magnitude.empty() && magnitude.front() == std::byte{0}) magnitude = magnitude.subspan(1);
  const bool sign_byte = !magnitude.empty() && (magnitude.front() & std::byte{0x80}) != std::byte{0};
  u32(static_cast<std::uint32_t>(magnitude.size() + (sign_byte ? 1 : 0)));
  if (sign_byte) byte(0);
  return raw(magnitude);
}

}  // namespace fairlead::ssh
