// SPDX-License-Identifier: Apache-2.0
// What can be done with a configuration file but serve it. All return the exit status.
#pragma once

#include "config/dump.hpp"
#include "config/load.hpp"

#include <string>

namespace fairlead::daemon {

// One line for each, on standard error.
int print_errors(const config::Errors& errors);
// Every mistake in the file and the users file, on standard error.
int run_check_config(const std::string& file);
// The complete configuration as YAML on standard output; what a file must be to be served is not asked for.
int run_dump_config(const std::string& file, config::Secrets secrets);
// The JSON Schema of a configuration file.
int run_config_schema();
// Our licence and the notices of what we link.
int run_licenses();

}  // namespace fairlead::daemon
