// SPDX-License-Identifier: Apache-2.0
// The environment of a program: who sets what, and who wins.
#pragma once

#include "agent/account.hpp"
#include "link/agent_link.hpp"

#include <fairlead/ssh/requests.hpp>

#include <map>
#include <string>
#include <vector>

namespace fairlead::agent {

using Environment = std::map<std::string, std::string>;

// What a channel says before its program starts.
struct ClientEnvironment {
  std::vector<ssh::EnvRequest> variables;
  std::string term;      // empty without a terminal
  std::string tty_name;  // "/dev/pts/3"
};

// What the agent was started with: the image's own settings. TERM and SSH_* describe somebody else's session
// and are left out.
[[nodiscard]] Environment inherited_environment(const char* const* environment);

// From weak to strong: inherited, the account's (USER, LOGNAME, HOME, SHELL, and PATH when nobody set one),
// Setup::environment, the client's env requests, Setup::fixed_environment, and the facts of this session
// (SSH_CLIENT, SSH_CONNECTION, SSH_TTY, TERM). Which env requests a client may send is the daemon's policy;
// SSH_ORIGINAL_COMMAND is one that the daemon makes when it forces a command.
[[nodiscard]] Environment make_environment(const Environment& inherited, const link::Setup& setup,
                                           const Account& account, const ClientEnvironment& client);

// "NAME=value", as execve wants it.
[[nodiscard]] std::vector<std::string> environment_strings(const Environment& environment);

}  // namespace fairlead::agent
