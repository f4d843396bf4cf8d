// SPDX-License-Identifier: Apache-2.0
// The words of a command that needs no shell.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead {

// Words as a shell would see them, if it takes no shell to know: blanks, quotes and backslashes, but nothing
// that would be expanded, redirected, assigned or executed. Empty when it does, or when a quote is left open.
// Characters in `also_plain` are left as they are, for a program that knows what to do with them.
[[nodiscard]] std::optional<std::vector<std::string>> plain_words(std::string_view command,
                                                                  std::string_view also_plain = {});

}  // namespace fairlead
