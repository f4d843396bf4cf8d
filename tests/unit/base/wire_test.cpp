// SPDX-License-Identifier: Apache-2.0
#include "base/wire.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh {
namespace {

std::string hex(Bytes bytes) {
  std::string text;
  for (const std::byte b : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

std::string mpint_of(std::initializer_list<unsigned char> magnitude) {
  ByteBuffer buffer;
  WireWriter(buffer).mpint(Bytes(reinterpret_cast<const std::byte*>(magnitude.begin()), magnitude.size()));
  return hex(buffer.readable());
}

// RFC 4251 section 5's examples of non-negative mpints.
TEST(Wire, MpintIsMinimalAndNeverNegative) {
  EXPECT_EQ(mpint_of({}), "00000000");
  EXPECT_EQ(mpint_of({0, 0}), "00000000");
  EXPECT_EQ(mpint_of({0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7}), "0000000809a378f9b2e332a7");
  EXPECT_EQ(mpint_of({0x80}), "000000020080");
  EXPECT_EQ(mpint_of({0x00, 0x7f}), "000000017f");
}

TEST(Wire, WhatIsWrittenIsRead) {
  ByteBuffer buffer;
  WireWriter(buffer)
      .byte(7)
      .boolean(true)
      .u32(0x01020304)
      .u64(0x0102030405060708)
      .string("testing")
      .raw(as_bytes("xy"));
  WireReader reader(buffer.readable());
  EXPECT_EQ(reader.byte(), 7);
  EXPECT_TRUE(reader.boolean());
  EXPECT_EQ(reader.u32(), 0x01020304u);
  EXPECT_EQ(reader.u64(), 0x0102030405060708u);
  EXPECT_EQ(reader.text(), "testing");
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(as_text(reader.rest()), "xy");
  EXPECT_EQ(as_text(reader.raw(2)), "xy");
  EXPECT_TRUE(reader.done());
}

TEST(Wire, FirstFieldThatDoesNotFitFailsForGood) {
  ByteBuffer buffer;
  WireWriter(buffer).u32(0xffffffff).raw(as_bytes("abc"));
  WireReader reader(buffer.readable());
  EXPECT_TRUE(reader.string().empty());
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.byte(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_FALSE(reader.done());
}

TEST(Wire, EveryTruncationFails) {
  ByteBuffer buffer;
  WireWriter(buffer).u32(1).string("hello").u64(2);
  for (std::size_t size = 0; size < buffer.size(); ++size) {
    WireReader reader(Bytes(buffer.readable()).first(size));
    reader.u32();
    reader.string();
    reader.u64();
    EXPECT_FALSE(reader.ok()) << size;
  }
}

}  // namespace
}  // namespace fairlead::ssh
