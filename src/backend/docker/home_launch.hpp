// SPDX-License-Identifier: Apache-2.0
// `docker.execution.mode: persistent`: a login to a box that stays.
//
//   home's name → there? ── no ──► create, if allowed ──► start (nothing to do when it runs)
//                    └── ours? ──────────────────────────────┴──► exec: an agent for this login → link → box
#pragma once

#include "backend/docker/fleet.hpp"

#include <memory>

namespace fairlead::docker {

// Throws backend::BackendError; a container that was made for nothing is removed then. The box's remove()
// ends what the login runs in there and nothing else.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> launch_home(std::shared_ptr<Fleet> fleet,
                                                              backend::Login login);

}  // namespace fairlead::docker
