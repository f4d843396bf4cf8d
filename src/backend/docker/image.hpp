// SPDX-License-Identifier: Apache-2.0
// Sees to it that a login's image is on the engine.
#pragma once

#include "backend/docker/engine.hpp"
#include "config/config.hpp"
#include "observe/log.hpp"

namespace fairlead::docker {

struct ImageWish {
  Engine engine;
  const config::Docker& docker;  // outlives the call
  observe::Log log;
};

// An image that is there costs one quick question; one that is not is pulled, if policy allows. Throws
// BackendError, and what Engine throws.
[[nodiscard]] Task<ImageFacts> find_image(ImageWish wish, Deadline deadline);

}  // namespace fairlead::docker
