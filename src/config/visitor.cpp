// SPDX-License-Identifier: Apache-2.0
// Numbers of all widths by way of the widest.
#include "config/visitor.hpp"

#include <limits>

namespace fairlead::config {

bool Visitor::field(std::string_view key, std::uint64_t& value) {
  return number(key, std::numeric_limits<std::uint64_t>::max(), value);
}

bool Visitor::field(std::string_view key, unsigned& value) {
  std::uint64_t wide = value;
  const bool given = number(key, std::numeric_limits<unsigned>::max(), wide);
  value = static_cast<unsigned>(wide);
  return given;
}

bool Visitor::field(std::string_view key, std::uint16_t& value) {
  std::uint64_t wide = value;
  const bool given = number(key, std::numeric_limits<std::uint16_t>::max(), wide);
  value = static_cast<std::uint16_t>(wide);
  return given;
}

}  // namespace fairlead::config
