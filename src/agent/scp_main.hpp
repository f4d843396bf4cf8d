// SPDX-License-Identifier: Apache-2.0
// scp's remote half as a program.
#pragma once

#include <string>
#include <vector>

namespace fairlead::agent {

// arguments[0] is the program's name; then "-t" or "-f" among -r, -p, -d, -v and options that mean nothing on
// this side, and paths. Speaks on descriptors 0 and 1, which block. The result is the exit status: 1 when
// anything failed on either side.
[[nodiscard]] int run_scp(const std::vector<std::string>& arguments);

}  // namespace fairlead::agent
