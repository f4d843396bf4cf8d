// SPDX-License-Identifier: Apache-2.0
#include "base/byte_buffer.hpp"

#include "base/secret.hpp"

#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh {
namespace {

TEST(ByteBuffer, KeepsOrderWhileItGrowsAndCompacts) {
  ByteBuffer buffer;
  std::string expected, read;
  for (int round = 0; round < 2000; ++round) {
    const std::string piece(static_cast<std::size_t>(round % 97), static_cast<char>('a' + round % 26));
    buffer.append(as_bytes(piece));
    expected += piece;
    const std::size_t take = std::min<std::size_t>(buffer.size(), static_cast<std::size_t>(round % 89));
    read += as_text(buffer.readable().first(take));
    buffer.consume(take);
  }
  read += as_text(buffer.readable());
  EXPECT_EQ(read, expected);
}

TEST(ByteBuffer, MovedFromIsEmpty) {
  ByteBuffer a;
  a.append(as_bytes("abc"));
  ByteBuffer b(std::move(a));
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(as_text(b.readable()), "abc");
  a.append(as_bytes("x"));
  EXPECT_EQ(as_text(a.readable()), "x");
}

TEST(ByteBuffer, PreparedBytesAreReadableOnlyAfterCommit) {
  ByteBuffer buffer;
  const MutableBytes slot = buffer.prepare(10);
  EXPECT_EQ(slot.size(), 10u);
  EXPECT_TRUE(buffer.empty());
  std::memcpy(slot.data(), "0123456789", 10);
  buffer.commit(4);
  EXPECT_EQ(as_text(buffer.readable()), "0123");
}

TEST(Secret, ComparisonLooksAtEveryByteAndTheLength) {
  EXPECT_TRUE(constant_time_equal(as_bytes("same"), as_bytes("same")));
  EXPECT_FALSE(constant_time_equal(as_bytes("same"), as_bytes("samE")));
  EXPECT_FALSE(constant_time_equal(as_bytes("Same"), as_bytes("same")));
  EXPECT_FALSE(constant_time_equal(as_bytes("same"), as_bytes(std::string_view("same\0", 5))));
  EXPECT_FALSE(constant_time_equal(as_bytes("same"), as_bytes("sam")));
  EXPECT_TRUE(constant_time_equal({}, {}));
}

}  // namespace
}  // namespace fairlead::ssh
