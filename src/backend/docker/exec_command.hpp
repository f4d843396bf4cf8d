// SPDX-License-Identifier: Apache-2.0
// What a session's request comes to without an agent: an argument vector for the engine (core.md 3.8).
#pragma once

#include "config/config.hpp"

#include <optional>
#include <string>
#include <vector>

namespace fairlead::docker {

using Arguments = std::vector<std::string>;

// `shellCommand`; without one bash or, where the image has none, sh.
[[nodiscard]] Arguments shell_arguments(const config::Docker& docker);
// A command of plain words that begins with a path is run directly, so that it needs no shell in the image;
// all others by a shell, as a whole: never a part of one (W3.1, W3.2). The shell is shellCommand's when that
// is one that takes -c, else /bin/sh (W3.27).
[[nodiscard]] Arguments exec_arguments(const config::Docker& docker, const std::string& command);
// Nothing: no such subsystem.
[[nodiscard]] std::optional<Arguments> subsystem_arguments(const config::Docker& docker,
                                                           const std::string& name);

}  // namespace fairlead::docker
