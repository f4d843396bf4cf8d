// SPDX-License-Identifier: Apache-2.0
// What all hosts do alike.
#include "backend/docker/program_host.hpp"

namespace fairlead::docker {

Task<> try_resize(RunningProgram& program, ssh::TerminalSize size, const observe::Log& log) {
  try {
    co_await program.resize(size);
  } catch (const std::exception& error) {  // an answer that does not come in time, too
    log.debug("DOCKER_EXEC_RESIZE_FAILED", error.what());
  }
}

}  // namespace fairlead::docker
