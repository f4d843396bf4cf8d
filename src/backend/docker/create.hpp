// SPDX-License-Identifier: Apache-2.0
// Creates a container the way the engine can: what it cannot do shows when it is asked for it, and then it is
// asked for less.
#pragma once

#include "backend/docker/removal.hpp"

#include <functional>
#include <memory>

namespace fairlead::docker {

struct Creation {
  std::shared_ptr<Fleet> fleet;
  std::shared_ptr<KnownEngine> known;  // learns from refusals
  const backend::Login& login;         // outlives the creation
  // Makes the container, with this link and this way of holding limits.disk.
  std::function<Task<>(LinkKind kind, DiskLimit disk_limit)> attempt;
};

// How it was made. Throws what `attempt` throws.
[[nodiscard]] Task<LinkKind> create_as_able(Creation creation);

struct LeasedCreation {
  Lease& lease;  // gets the container; outlives the creation
  std::shared_ptr<KnownEngine> known;
  const backend::Login& login;                                 // outlives the creation
  std::function<void(BoxIdentity& identity, LinkKind)> shape;  // what sets this box apart
};

// A container that goes with its lease. How much it writes is watched where the engine cannot bound it.
// Throws what Engine throws.
[[nodiscard]] Task<LinkKind> create_leased(LeasedCreation creation, Deadline deadline);

}  // namespace fairlead::docker
