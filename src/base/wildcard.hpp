// SPDX-License-Identifier: Apache-2.0
// The patterns of ssh_config(5): '*' is any text, '?' any character.
#pragma once

#include <string_view>

namespace fairlead::ssh {

// Whether the pattern covers all of the text. Linear in both but for stars, each of which costs a pass.
[[nodiscard]] bool wildcard_match(std::string_view pattern, std::string_view text) noexcept;

}  // namespace fairlead::ssh
