// SPDX-License-Identifier: Apache-2.0
// The command line of `fairlead`. Exit codes as ContainerSSH's: 0 done, 1 failed, 2 wrong usage (core.md
// section 9.2).
#pragma once

namespace fairlead::daemon {

int run_command_line(int argc, char** argv);

}  // namespace fairlead::daemon
