// SPDX-License-Identifier: Apache-2.0
// Matching without recursion.
#include "base/wildcard.hpp"

namespace fairlead::ssh {

// After a mismatch only the last star is tried again.
bool wildcard_match(std::string_view pattern, std::string_view text) noexcept {
  std::size_t p = 0, t = 0, star = std::string_view::npos, restart = 0;
  while (t < text.size()) {
    // A star in the pattern stands for itself never: it is looked at first.
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      restart = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++restart;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace fairlead::ssh
