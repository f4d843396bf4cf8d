// SPDX-License-Identifier: Apache-2.0
// What must hold for every typed body.
#pragma once

#include "support/made_message.hpp"

#include <fairlead/ssh/requests.hpp>

#include <gtest/gtest.h>

namespace fairlead::ssh::test {

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
