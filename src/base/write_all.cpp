// SPDX-License-Identifier: Apache-2.0
// The loop that write(2) asks for.
#include "base/write_all.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace fairlead {

bool write_all(int descriptor, ssh::Bytes data) noexcept {
  while (!data.empty()) {
    const ssize_t count = ::write(descriptor, data.data(), data.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    data = data.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace fairlead
