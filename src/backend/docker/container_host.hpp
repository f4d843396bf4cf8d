// SPDX-License-Identifier: Apache-2.0
// Programs as first processes of containers of their own (mode session without an agent).
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/fleet.hpp"
#include "backend/docker/program_host.hpp"

#include <memory>

namespace fairlead::docker {

// create → attach → start, as core.md 3.4; each is in the journal and goes with its program.
[[nodiscard]] std::unique_ptr<ProgramHost> make_container_host(std::shared_ptr<Fleet> fleet,
                                                               backend::Login login);

}  // namespace fairlead::docker
