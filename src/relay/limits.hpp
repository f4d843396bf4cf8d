// SPDX-License-Identifier: Apache-2.0
// Limits of the relay with their reasons.
#pragma once

#include <fairlead/ssh/limits.hpp>

#include <chrono>
#include <cstddef>

namespace fairlead::relay::limits {

// What a session asks for while its box is being made is kept for the agent: as many variables as a channel
// may have, a terminal and a few changes of its window …
inline constexpr std::size_t kept_requests = ssh::limits::environment_variables + 16;
// … and of any size in which people send variables. Names and bodies together.
inline constexpr std::size_t kept_bytes = std::size_t{128} * 1024;

// Between two drawings of one line: faster than anybody reads.
inline constexpr std::chrono::milliseconds progress_pause{200};
// A line that is drawn over itself must not reach the right margin, and nobody reads a longer one.
inline constexpr unsigned widest_line = 120;

}  // namespace fairlead::relay::limits
