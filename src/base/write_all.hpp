// SPDX-License-Identifier: Apache-2.0
// Writing to a descriptor until everything is written.
#pragma once

#include <fairlead/ssh/bytes.hpp>

namespace fairlead {

// For files and blocking descriptors: interruptions are repeated. False, with errno, when something is left.
[[nodiscard]] bool write_all(int descriptor, ssh::Bytes data) noexcept;

}  // namespace fairlead
