// SPDX-License-Identifier: Apache-2.0
// Starts a program as an account: its ids, directory, descriptors, terminal, process group, and the exec
// itself.
#pragma once

#include "agent/account.hpp"

#include <sys/types.h>

#include <expected>
#include <functional>
#include <string>
#include <vector>

namespace fairlead::agent {

struct ProgramPlan {
  std::vector<std::string> paths;      // tried in turn
  std::vector<std::string> arguments;  // arguments[0] included
  std::function<int()>
      internal;  // when set, runs in the child instead of an exec; its result is the exit status
  std::vector<std::string> environment;
  std::string directory;                    // "/" when it cannot be entered
  bool directory_must_exist = true;         // says on standard error that it could not
  int input = -1, output = -1, error = -1;  // become 0, 1, 2; borrowed, and above 2 themselves
  bool controlling_terminal = false;        // `input` is a terminal and becomes the session's
};

// Exit statuses of a program that never ran, as a shell gives them.
inline constexpr int status_not_found = 127, status_cannot_run = 126;

// The new process leads a session and a process group of its own (both have its pid as their number) and has
// default signal handling, umask 022 and no other descriptor. What fails after the process exists (ids, exec)
// is said on its standard error, and it ends with 127 (no such program) or 126 (any other reason), as with a
// shell. The error is an errno of fork.
[[nodiscard]] std::expected<pid_t, int> start_program(const ProgramPlan& plan, const Account& account);

}  // namespace fairlead::agent
