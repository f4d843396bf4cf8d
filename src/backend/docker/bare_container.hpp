// SPDX-License-Identifier: Apache-2.0
// Creates a container in which nothing of ours runs.
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/removal.hpp"

#include <memory>

namespace fairlead::docker {

struct BareContainer {
  std::shared_ptr<Fleet> fleet;
  const backend::Login& login;  // outlives the creation
  NewExec command;              // its first process, after the image's ENTRYPOINT
};

// Not started yet. Throws what Engine and Lease throw; the lease that goes then removes what there is.
[[nodiscard]] Task<std::unique_ptr<Lease>> create_bare(BareContainer wish, Deadline deadline);

}  // namespace fairlead::docker
