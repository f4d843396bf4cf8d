// SPDX-License-Identifier: Apache-2.0
// Paths as people write them: tildes, wildcards, and names that lead to files which are not there yet.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::agent {

// The home directory of an account of the image; for the empty name $HOME, then the own account's, then "/".
[[nodiscard]] std::optional<std::string> home_directory(std::string_view user);

// "~", "~/path", "~user", "~user/path" with the home directory in place; other paths as they are. Empty: no
// such user.
[[nodiscard]] std::optional<std::string> expand_tilde(const std::string& path);

// realpath(3), for which the last component may be missing. Empty: errno says why.
[[nodiscard]] std::optional<std::string> canonical_path(const std::string& path);

}  // namespace fairlead::agent
