// SPDX-License-Identifier: Apache-2.0
// Exec, hijacked stream, and what the engine says about its end.
#include "backend/docker/exec_host.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "crypto/random.hpp"

#include <utility>

namespace fairlead::docker {
namespace {

constexpr std::int64_t status_of_sigkill = 128 + 9;
constexpr std::string_view mark = "FAIRLEAD_SESSION=";

// $1 is the signal, $2 the mark. A process that has changed its environment or its user is not found.
constexpr const char* signal_script =
    "found=1; for p in /proc/[0-9]*; do "
    "grep -q \"$2\" \"$p/environ\" 2>/dev/null && kill -s \"$1\" \"${p#/proc/}\" 2>/dev/null && found=0; "
    "done; exit $found";

class ExecProgram final : public RunningProgram {
 public:
  struct Facts {
    std::string exec, mark;
    http::Stream stream;
    ExecPlace place;
  };
  explicit ExecProgram(Facts facts) : facts_(std::move(facts)) {}

  [[nodiscard]] http::Stream stream() const override { return facts_.stream; }

  [[nodiscard]] Task<> resize(ssh::TerminalSize size) override {
    return engine().resize_exec(facts_.exec, size, in(docker().window));
  }

  [[nodiscard]] Task<bool> signal(std::string name) override {
    const auto deadline = in(docker().signal);
    NewExec exec{{"/bin/sh", "-c", signal_script, "sh", std::move(name), facts_.mark}};
    exec.input = false;
    auto id = co_await engine().create_exec(facts_.place.container, std::move(exec), deadline);
    const auto stream = co_await engine().start_exec(id, false, deadline);
    std::vector<std::byte> ignored(limits::engine_words);
    while (co_await stream.read_some(ignored) > 0) {
    }
    co_return co_await code_of(std::move(id), deadline) == 0;
  }

  [[nodiscard]] Task<std::int64_t> exit_code() override {
    auto code = co_await code_of(facts_.exec, Deadline::max());
    ended_ = true;
    if (code == status_of_sigkill) {
      const bool with_its_box = co_await box_has_ended();
      // The relay asks for the reason of the box instead.
      if (with_its_box) throw backend::BackendError("the box ended, and the program with it", "");
    }
    co_return code;
  }

  [[nodiscard]] Task<> end() override {
    facts_.stream.close();
    if (std::exchange(ended_, true)) co_return;
    try {
      (void)co_await signal("KILL");
    } catch (const std::exception& error) {  // the container goes with the login at the latest
      facts_.place.log.debug("DOCKER_EXEC_SIGNAL_FAILED", error.what());
    }
  }

 private:
  [[nodiscard]] const Engine& engine() const { return facts_.place.engine; }
  [[nodiscard]] const config::Docker& docker() const { return facts_.place.config->docker; }

  // Who ends a box kills its programs a moment before the engine sees the end of the box.
  [[nodiscard]] Task<bool> box_has_ended() const {
    try {
      (void)co_await engine().wait(facts_.place.container, in(limits::end_of_a_killed_box));
    } catch (const EngineError&) {  // it is gone
    } catch (const http::HttpError& error) {
      co_return error.kind() != http::Failure::timeout;
    }
    co_return true;
  }

  // The stream ends a moment before the engine knows, or long before: a program may close its output and go
  // on. So it is asked once, and then its events are listened to.
  [[nodiscard]] Task<std::int64_t> code_of(std::string exec, Deadline deadline) const {
    auto state = co_await engine().inspect_exec(exec, in(docker().http));
    if (!state.running) co_return state.exit_code;
    co_return co_await engine().wait_exec(facts_.place.container, std::move(exec), deadline);
  }

  Facts facts_;
  bool ended_ = false;
};

class ExecHost final : public ProgramHost {
 public:
  explicit ExecHost(ExecPlace place) : place_(std::move(place)) {}

  [[nodiscard]] Task<std::unique_ptr<RunningProgram>> start(NewExec program) override {
    const auto deadline = in(place_.config->docker.command_start);
    const auto terminal = program.terminal;
    auto marked = std::string(mark) + ssh::random_hex(limits::owner_bytes);
    program.environment.push_back(marked);
    auto exec = co_await place_.engine.create_exec(place_.container, std::move(program), deadline);
    auto stream = co_await place_.engine.start_exec(exec, terminal.has_value(), deadline);
    auto running = std::make_unique<ExecProgram>(
        ExecProgram::Facts{std::move(exec), std::move(marked), std::move(stream), place_});
    if (terminal) co_await try_resize(*running, *terminal, place_.log);
    co_return running;
  }

 private:
  ExecPlace place_;
};

}  // namespace

std::unique_ptr<ProgramHost> make_exec_host(ExecPlace place) {
  return std::make_unique<ExecHost>(std::move(place));
}

}  // namespace fairlead::docker
