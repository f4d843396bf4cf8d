// SPDX-License-Identifier: Apache-2.0
// `oci.pool` and `docker.pool`: boxes that are made before anybody logs in.
#pragma once

#include "config/duration.hpp"

#include <chrono>

namespace fairlead::config {

struct Docker;

// Waiting boxes of one backend, all configurations together: each is an agent (1 MB), a handful of the
// daemon's descriptors (of 1024 by default on many systems) and whatever the engine has for a container.
inline constexpr unsigned most_waiting_boxes = 256;

struct Pool {
  unsigned size = 0;                             // boxes that wait; 0: none
  Duration max_idle = std::chrono::minutes(30);  // without a login, for what did not come with the file
  Duration max_age = std::chrono::hours(1);      // of a waiting box
};

// Why no box can be made before its login is known, as the end of a sentence; null when one can.
[[nodiscard]] const char* pool_obstacle(const Docker& docker);

}  // namespace fairlead::config
