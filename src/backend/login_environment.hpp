// SPDX-License-Identifier: Apache-2.0
// The variables that a login's metadata sets in every program of its box.
#pragma once

#include "backend/backend.hpp"

#include <map>
#include <string>

namespace fairlead::backend {

// Metadata::environment, and below it Metadata::metadata when it is exposed (services.md section 0.3). What
// no program can be given, or not beside the rest (link::fixed_environment_bytes), is left out with a warning
// in the login's log; values are never logged.
[[nodiscard]] std::map<std::string, std::string> login_environment(const Login& login, bool expose_metadata);

}  // namespace fairlead::backend
