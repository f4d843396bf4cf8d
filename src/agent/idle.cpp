// SPDX-License-Identifier: Apache-2.0
// Waiting for signals, and for what every first process has to do.
#include "agent/idle.hpp"

#include "agent/event_loop.hpp"
#include "agent/processes.hpp"

#include <sys/wait.h>

#include <csignal>

namespace fairlead::agent {

int run_idle() {
  sigset_t awaited;
  ::sigemptyset(&awaited);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&awaited, signal);
  ::sigprocmask(SIG_BLOCK, &awaited, nullptr);
  for (;;) {
    int signal = 0;
    if (::sigwait(&awaited, &signal) != 0 || signal == SIGCHLD) {
      while (::waitpid(-1, nullptr, WNOHANG) > 0) {
      }
      continue;
    }
    // As if the machine went down: programs are told, and have a moment.
    EventLoop loop;
    Processes(loop).end_all();
    return 0;
  }
}

}  // namespace fairlead::agent
