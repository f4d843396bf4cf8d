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
};

// An engine cannot signal an exec. So each program carries a random variable, and a signal is another exec: a
// shell of the image that signals every process with that variable. Without a shell signals are refused.
[[nodiscard]] std::unique_ptr<ProgramHost> make_exec_host(ExecPlace place);

}  // namespace fairlead::docker
