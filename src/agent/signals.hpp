// SPDX-License-Identifier: Apache-2.0
// RFC 4254 section 6.10's names of signals, and the kernel's numbers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fairlead::agent {

// The number of "TERM" and the other twelve names of the RFC; nothing for any other.
[[nodiscard]] std::optional<int> signal_number(std::string_view name);

// The RFC's name; for other signals the kernel's with our domain ("BUS@fairlead"), as section 6.10 wants
// local names.
[[nodiscard]] std::string signal_name(int number);

}  // namespace fairlead::agent
