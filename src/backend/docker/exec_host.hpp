// SPDX-License-Identifier: Apache-2.0
// Programs as execs in one container.
#pragma once

#include "backend/docker/program_host.hpp"
#include "config/config.hpp"
#include "observe/log.hpp"

#include <memory>
#include <string>

namespace fairlead::docker {

struct ExecPlace {
  Engine engine;
  std::string container;
  std::shared_ptr<const config::Config> config;  // timeouts
  observe::Log log;
  // The path of ContainerSSH's agent in the image; empty: there is none, or it is not wanted.
  std::string guest_agent = {};
};

// An engine cannot signal an exec. So each program carries a random variable, and a signal is another exec: a
// shell of the image that signals every process with that variable. Without a shell signals are refused.
// ContainerSSH's agent starts a program, says its process id and signals it later (core.md 3.4).
[[nodiscard]] std::unique_ptr<ProgramHost> make_exec_host(ExecPlace place);

struct ExecEnd {
  std::int64_t code = 0;
  std::string words;  // of its output, errors included, the first few
};

// A small program to its end, with `input` for its standard input. Throws what Engine throws.
[[nodiscard]] Task<ExecEnd> run_exec(const ExecPlace& place, std::vector<std::string> command,
                                     std::string input, Deadline deadline);

}  // namespace fairlead::docker
