// SPDX-License-Identifier: Apache-2.0
// What must hold for every typed body, and bodies made field by field.
#pragma once

#include "base/wire.hpp"

#include <fairlead/ssh/requests.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <vector>

namespace fairlead::ssh::test {

inline std::vector<std::byte> wire(const std::function<void(WireWriter&)>& fill) {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  fill(writer);
  const Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

// Decodes, and is the inverse of encode(); every shorter body and one byte more are refused.
template <class Body>
void expect_strict(const Body& body) {
  auto encoded = body.encode();
  const auto decoded = Body::decode(encoded);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->encode(), encoded);
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    const auto cut = Body::decode(Bytes(encoded).first(size));
    ASSERT_FALSE(cut) << size;
    EXPECT_EQ(cut.error().code, Errc::bad_message);
  }
  encoded.push_back(std::byte{0});
  EXPECT_FALSE(Body::decode(encoded));
}

// Whether what encode() makes of it is taken on the other side.
template <class Body>
bool accepted(const Body& body) {
  return Body::decode(body.encode()).has_value();
}

}  // namespace fairlead::ssh::test
