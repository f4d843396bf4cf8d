// SPDX-License-Identifier: Apache-2.0
// fairlead: the daemon and its commands.
#include "daemon/cli.hpp"

#include <cstdio>
#include <exception>

int main(int argc, char** argv) {
  try {
    return fairlead::daemon::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fairlead: %s\n", error.what());
    return 1;
  }
}
