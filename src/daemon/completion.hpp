// SPDX-License-Identifier: Apache-2.0
// Completion of our commands and options by the user's shell.
#pragma once

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace fairlead::daemon {

// The script for "bash", "zsh" or "fish", made from what `app` has.
[[nodiscard]] std::string completion(const CLI::App& app, std::string_view shell);

}  // namespace fairlead::daemon
