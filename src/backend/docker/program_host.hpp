// SPDX-License-Identifier: Apache-2.0
// Where programs run when no agent of ours starts them: as an exec in the login's container, or as a
// container each.
#pragma once

#include "backend/docker/engine.hpp"
#include "backend/docker/program_output.hpp"
#include "http/stream.hpp"
#include "observe/log.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace fairlead::docker {

// Every call throws what Engine throws.
class RunningProgram {
 public:
  RunningProgram(http::Stream stream, bool terminal)
      : stream_(stream), output_(std::move(stream), terminal) {}
  virtual ~RunningProgram() = default;
  // Its standard input; close() ends its output, too.
  [[nodiscard]] const http::Stream& stream() const { return stream_; }
  [[nodiscard]] ProgramOutput& output() { return output_; }
  [[nodiscard]] virtual Task<> resize(ssh::TerminalSize size) = 0;
  // `name` without SIG. False when nothing could be reached.
  [[nodiscard]] virtual Task<bool> signal(std::string name) = 0;
  // After the output has ended: waits for the end. Nothing asks the engine once a second.
  [[nodiscard]] virtual Task<std::int64_t> exit_code() = 0;
  // Kills what is left of it, and removes what was made for it alone. Never throws.
  [[nodiscard]] virtual Task<> end() = 0;

 private:
  http::Stream stream_;
  ProgramOutput output_;
};

// After the start, for engines that give a terminal no size at its start. A program that has ended already,
// or an engine that refuses or does not answer, is no reason to refuse the program.
[[nodiscard]] Task<> try_resize(RunningProgram& program, ssh::TerminalSize size, const observe::Log& log);

class ProgramHost {
 public:
  virtual ~ProgramHost() = default;
  // Complete when it runs, or when the engine says that it does not.
  [[nodiscard]] virtual Task<std::unique_ptr<RunningProgram>> start(NewExec program) = 0;
};

}  // namespace fairlead::docker
