// SPDX-License-Identifier: Apache-2.0
// Which deadline comes first.
#include "ssh/deadlines.hpp"

#include <algorithm>

namespace fairlead::ssh {

Deadlines::Time Deadlines::earliest() const noexcept {
  return *std::ranges::min_element(times_);
}

std::optional<Deadline> Deadlines::take_due(Time now) noexcept {
  const auto first = std::ranges::min_element(times_);
  if (*first > now) return std::nullopt;
  *first = Time::max();
  return static_cast<Deadline>(first - times_.begin());
}

}  // namespace fairlead::ssh
