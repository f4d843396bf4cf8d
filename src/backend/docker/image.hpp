// SPDX-License-Identifier: Apache-2.0
// Sees to it that a login's image is on the engine.
#pragma once

#include "backend/docker/fleet.hpp"
#include "backend/progress.hpp"

#include <memory>

namespace fairlead::docker {

struct ImageWish {
  std::shared_ptr<KnownEngine> known;
  const config::Docker& docker;  // outlives the call
  observe::Log log;
  backend::ProgressSink progress = {};  // backend::Login's
};

// An image that is there costs one quick question; one that is not is pulled, if policy allows, once for all
// who wait for it: a pull that began after somebody came is theirs, too. Must not be cancelled. Throws
// BackendError, and what Engine throws.
[[nodiscard]] Task<ImageFacts> find_image(ImageWish wish, Deadline deadline);

}  // namespace fairlead::docker
