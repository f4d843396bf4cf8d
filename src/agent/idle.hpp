// SPDX-License-Identifier: Apache-2.0
// `agent idle`: the first process of a box that stays when nobody is logged in.
#pragma once

namespace fairlead::agent {

// Reaps what has no other parent, until SIGTERM, SIGINT or SIGHUP ends everything in the box. The exit
// status.
[[nodiscard]] int run_idle();

}  // namespace fairlead::agent
