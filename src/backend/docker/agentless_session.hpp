// SPDX-License-Identifier: Apache-2.0
// One session channel of the relay, served by calls of the engine: what the agent does elsewhere.
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/program_host.hpp"

#include <fairlead/ssh/channel.hpp>

#include <map>
#include <memory>
#include <string>

namespace fairlead::docker {

// Of one login, shared by its sessions.
struct AgentlessLogin {
  backend::Login login;
  std::unique_ptr<ProgramHost> host;
  std::map<std::string, std::string> environment;        // below what the client sends
  std::map<std::string, std::string> fixed_environment;  // above it
};

// Until the channel is closed. Never throws for what the peer or the engine does.
[[nodiscard]] Task<> serve_agentless(std::shared_ptr<AgentlessLogin> login, ssh::OpenedChannel opened);

}  // namespace fairlead::docker
