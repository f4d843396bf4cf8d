// SPDX-License-Identifier: Apache-2.0
// What a shell, exec or subsystem request comes to in this image: a program with its arguments, a program
// inside the agent, or a sentence why nothing can be run. Pure decisions; files are only looked at through
// Image::executable.
#pragma once

#include "agent/account.hpp"
#include "link/agent_link.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::agent {

// Programs that the agent has in itself. They run in a forked child as the session's user, with the session's
// environment, directory and descriptors 0 to 2 (all blocking); the result is the exit status. Empty: this
// agent was built without.
struct InternalPrograms {
  std::function<int(int in, int out)> sftp_server;
  std::function<int(const std::vector<std::string>& arguments)> scp;  // arguments[0] is "scp"
};

struct RunImageProgram {
  std::vector<std::string> paths;  // tried in turn, like PATH
  std::vector<std::string> arguments;
};
struct RunInternal {
  std::function<int()> program;
};
// Told on the program's standard error, with that exit status.
struct CannotRun {
  std::string sentence;
  int status = 127;
};
using Command = std::variant<RunImageProgram, RunInternal, CannotRun>;

struct Image {
  const link::Setup& setup;
  const Account& account;
  const InternalPrograms& internal;
  std::string search_path;  // PATH
  std::string agent_path;   // this agent's file, for shells to run; empty: cannot be run
  std::function<bool(const std::string& path)> executable;
};

// The login shell of this box: Setup::shell_command does not count. Empty when the image has none.
[[nodiscard]] std::string usable_shell(const Image& image);

[[nodiscard]] Command choose_shell(const Image& image);
// `<shell> -c command`, as sshd does. In an image without a shell a command that needs none (words and quotes
// only) is run directly. scp's remote half is the agent's own according to Setup::file_transfer.
[[nodiscard]] Command choose_exec(const Image& image, const std::string& command);
// Nothing: no such subsystem here; the request is refused.
[[nodiscard]] std::optional<Command> choose_subsystem(const Image& image, const std::string& name);

}  // namespace fairlead::agent
