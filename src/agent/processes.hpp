// SPDX-License-Identifier: Apache-2.0
// Every process of the box that is ours to watch: reaps (as PID 1 or as subreaper), hangs up, and ends all of
// them.
#pragma once

#include "agent/event_loop.hpp"

#include <sys/types.h>

#include <functional>
#include <unordered_map>
#include <vector>

namespace fairlead::agent {

class Processes {
 public:
  explicit Processes(EventLoop& loop);

  // `on_exit` gets waitpid's status when the program has ended; it is called from reap(), once.
  void watch(pid_t pid, std::move_only_function<void(int wait_status)> on_exit);
  // Nobody wants to know any more: SIGHUP to the program's group, and SIGKILL after limits::hang_up_grace
  // unless the program has ended by then. What it left behind on purpose (nohup, setsid) goes on, as with
  // sshd. `output` stays open until the program has ended: with nobody at the other end its last words would
  // kill it (SIGPIPE) before it has tidied up.
  void hang_up(pid_t pid, std::vector<FileDescriptor> output);
  // Collects all children that have ended, also those that orphans left to us. Call it on SIGCHLD.
  void reap();
  // The link has ended: SIGHUP to everything, a moment later SIGKILL, until no child is left. Blocks for
  // limits::link_end_grace and limits::kill_grace at most. SIGCHLD must be blocked.
  void end_all();

 private:
  void signal_all(int signal) const;
  bool wait_for_children(std::chrono::milliseconds longest);

  EventLoop& loop_;
  bool first_process_;  // PID 1
  std::unordered_map<pid_t, std::move_only_function<void(int)>> watched_;
};

}  // namespace fairlead::agent
