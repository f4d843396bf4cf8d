// SPDX-License-Identifier: Apache-2.0
// Limits and fixed times of the pool of warm boxes with their reasons.
#pragma once

#include <chrono>
#include <cstddef>

namespace fairlead::backend::limits {

// Configurations that are remembered, each with its settings (a few kilobytes): more than have boxes, so that
// a directory full of users with settings of their own does not grow without end.
inline constexpr std::size_t pool_configurations = 1024;
// An agent that waits answers in a millisecond; one that has not after this, on a machine under load, is
// given up for the next box while the user waits.
inline constexpr std::chrono::seconds claim_answer{5};
// Waiting boxes that one login tries before it starts a cold one: it waits claim_answer for each at worst.
inline constexpr int claims = 3;
// From the first claim to the refill: the login that has just got its box is not to share the processors with
// the making of the next one, and a burst of logins is over by then.
inline constexpr std::chrono::milliseconds refill_pause{100};
// After a box could not be made, or died: doubled each time, at most the longest. An engine that comes back
// soon has its pool again, one that does not is hardly asked.
inline constexpr std::chrono::seconds first_failure_pause{1};
inline constexpr std::chrono::seconds longest_failure_pause{60};
// At the daemon's end: boxes that are just being made may take so long, then the journal has them.
inline constexpr std::chrono::seconds shutdown_wait{10};

}  // namespace fairlead::backend::limits
