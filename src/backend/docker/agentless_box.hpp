// SPDX-License-Identifier: Apache-2.0
// Boxes in which nothing of ours runs: `docker.execution.disableAgent: true`, or `agentLink: image`, where
// ContainerSSH's agent in the image starts and signals programs.
//
//   relay ══ plain link in this process ══ sessions (agentless_session.hpp) ── exec or attach ── engine
//
// The container's first process is `idleCommand`, after the image's own ENTRYPOINT. Everything that needs an
// agent of ours is refused or left out: forwarding above all, exit signals, terminal modes.
#pragma once

#include "backend/docker/exec_host.hpp"
#include "backend/docker/fleet.hpp"
#include "backend/docker/idle_stop.hpp"

#include <memory>

namespace fairlead::docker {

// Mode connection: the container is made and started. Mode session: only the image is seen to, each program
// makes its own. Throws backend::BackendError.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> launch_agentless(std::shared_ptr<Fleet> fleet,
                                                                   backend::Login login);

// A container that stays, running.
struct AgentlessHome {
  ExecPlace place;
  std::unique_ptr<Stay> stay;
};

// The login's box in it: its end is the end of what the login runs in there. Throws what Engine throws.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> enter_agentless(backend::Login login, AgentlessHome home);

}  // namespace fairlead::docker
