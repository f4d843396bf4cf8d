// SPDX-License-Identifier: Apache-2.0
// `docker.execution.disableAgent: true`: boxes in which nothing of ours runs.
//
//   relay ══ plain link in this process ══ sessions (agentless_session.hpp) ── exec or attach ── engine
//
// The container's first process is `idleCommand`, after the image's own ENTRYPOINT. Everything that needs an
// agent is refused or left out: forwarding above all, exit signals, terminal modes.
#pragma once

#include "backend/docker/fleet.hpp"

#include <memory>

namespace fairlead::docker {

// Mode connection: the container is made and started. Mode session: only the image is seen to, each program
// makes its own. Throws backend::BackendError.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> launch_agentless(std::shared_ptr<Fleet> fleet,
                                                                   backend::Login login);

}  // namespace fairlead::docker
