// SPDX-License-Identifier: Apache-2.0
// Points in time by which something of an engine has to be done.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <chrono>
#include <functional>

namespace fairlead::docker {

using Deadline = std::chrono::steady_clock::time_point;

inline Deadline in(std::chrono::nanoseconds time) {
  return std::chrono::steady_clock::now() + std::chrono::duration_cast<Deadline::duration>(time);
}

// Never nothing: whoever is late is told so by what they wait for.
[[nodiscard]] std::chrono::nanoseconds time_left(Deadline deadline);

// To be run beside what has no deadline of its own: `close` ends that.
[[nodiscard]] ssh::Task<> close_at(Deadline deadline, std::function<void()> close);

}  // namespace fairlead::docker
