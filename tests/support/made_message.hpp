// SPDX-License-Identifier: Apache-2.0
// Messages and bodies made field by field.
#pragma once

#include "base/wire.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace fairlead::ssh::test {

// What `fill` writes; a message begins with its number.
inline std::vector<std::byte> make_message(const std::function<void(WireWriter&)>& fill) {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  fill(writer);
  const Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

}  // namespace fairlead::ssh::test
