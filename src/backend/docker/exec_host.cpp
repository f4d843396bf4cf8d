// SPDX-License-Identifier: Apache-2.0
// Exec, hijacked stream, and what the engine says about its end.
#include "backend/docker/exec_host.hpp"

#include "backend/docker/failure.hpp"
#include "backend/docker/limits.hpp"
#include "backend/docker/pid_report.hpp"
#include "crypto/random.hpp"

#include <boost/asio/detached.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;

constexpr std::int64_t status_of_sigkill = 128 + 9;
constexpr std::string_view mark_name = "FAIRLEAD_SESSION=";

// $1 is the signal, $2 the mark. A process that has changed its environment or its user is not found.
constexpr const char* signal_script =
    "found=1; for p in /proc/[0-9]*; do "
    "grep -q \"$2\" \"$p/environ\" 2>/dev/null && kill -s \"$1\" \"${p#/proc/}\" 2>/dev/null && found=0; "
    "done; exit $found";

// The stream ends a moment before the engine knows, or long before: a program may close its output and go on.
// So it is asked once, and then its events are listened to.
Task<std::int64_t> code_of(const ExecPlace& place, std::string exec, Deadline deadline) {
  auto state = co_await place.engine.inspect_exec(exec, in(place.config->docker.http));
  if (!state.running) co_return state.exit_code;
  co_return co_await place.engine.wait_exec(place.container, std::move(exec), deadline);
}

class ExecProgram : public RunningProgram {
 public:
  struct Facts {
    std::string exec, mark;
    http::Stream stream;
    bool terminal;
    ExecPlace place;
  };
  explicit ExecProgram(Facts facts)
      : RunningProgram(std::move(facts.stream), facts.terminal),
        exec_(std::move(facts.exec)),
        mark_(std::move(facts.mark)),
        place_(std::move(facts.place)) {}

  [[nodiscard]] Task<> resize(ssh::TerminalSize size) override {
    return place_.engine.resize_exec(exec_, size, in(place_.config->docker.window));
  }
  [[nodiscard]] Task<bool> signal(std::string name) override { return signal_marked(std::move(name)); }
  [[nodiscard]] Task<std::int64_t> exit_code() override {
    auto code = co_await code_of(place_, exec_, Deadline::max());
    ended_ = true;
    if (code == status_of_sigkill) {
      const bool with_its_box = co_await box_has_ended();
      // The relay asks for the reason of the box instead.
      if (with_its_box) throw backend::BackendError("the box ended, and the program with it", "");
    }
    co_return code;
  }
  [[nodiscard]] Task<> end() override {
    stream().close();
    if (std::exchange(ended_, true)) co_return;
    try {
      co_await kill();
    } catch (const std::exception& error) {  // the container goes with the login at the latest
      place_.log.debug("DOCKER_EXEC_SIGNAL_FAILED", error.what());
    }
  }

 protected:
  [[nodiscard]] virtual Task<> kill() { (void)co_await signal_marked("KILL"); }
  [[nodiscard]] Task<bool> signal_marked(std::string name) const {
    std::vector<std::string> command{"/bin/sh", "-c", signal_script, "sh", std::move(name), mark_};
    return succeeds(std::move(command));
  }
  [[nodiscard]] Task<bool> succeeds(std::vector<std::string> command) const {
    const auto deadline = in(place_.config->docker.signal);
    std::string no_input;
    const auto end = co_await run_exec(place_, std::move(command), std::move(no_input), deadline);
    co_return end.code == 0;
  }
  [[nodiscard]] const ExecPlace& place() const { return place_; }

 private:
  // Who ends a box kills its programs a moment before the engine sees the end of the box.
  [[nodiscard]] Task<bool> box_has_ended() const {
    try {
      (void)co_await place_.engine.wait(place_.container, in(limits::end_of_a_killed_box));
    } catch (const EngineError&) {  // it is gone
    } catch (const http::HttpError& error) {
      co_return error.kind() != http::Failure::timeout;
    }
    co_return true;
  }

  std::string exec_, mark_;
  ExecPlace place_;
  bool ended_ = false;
};

class GuestProgram final : public ExecProgram {
 public:
  GuestProgram(Facts facts, bool terminal, Deadline deadline)
      : ExecProgram(std::move(facts)), report_(terminal), deadline_(deadline) {}

  // Complete when the agent has said the process id, or something else. Throws http::HttpError when it has
  // said neither in time: nobody knows what runs.
  Task<> read_pid() {
    ssh::TaskScope closing(co_await asio::this_coro::executor);
    closing.spawn(close_at(deadline_, [own = stream()] { own.close(); }));
    std::vector<std::byte> errors;
    std::vector<std::byte> rest;
    for (bool complete = false; !complete && errors.size() < limits::early_errors;) {
      const auto piece = co_await output().next();
      if (!piece) break;
      auto data = piece->data;
      // The program's own, perhaps: it comes by another pipe and may overtake the number.
      if (piece->source == ProgramOutput::Source::standard_error) {
        errors.insert(errors.end(), data.begin(), data.end());
        continue;
      }
      complete = report_.take(data);
      rest.assign(data.begin(), data.end());
    }
    if (!report_.pid()) {
      // W3.9: these are the engine's or the system's words, and the user is to see them.
      place().log.error("DOCKER_EXEC_PID_READ_FAILED", "the agent in the image did not say the process id",
                        {{"agentPath", place().guest_agent}});
      rest.insert(rest.begin(), report_.taken().begin(), report_.taken().end());
      output().is_all_error();
    }
    output().put_back(ProgramOutput::Source::standard_error, std::move(errors));
    output().put_back(ProgramOutput::Source::standard_output, std::move(rest));
  }

  [[nodiscard]] Task<bool> signal(std::string name) override {
    if (!report_.pid()) co_return false;
    std::vector<std::string> command{
        place().guest_agent, "signal", "--pid", std::to_string(*report_.pid()), "--signal", std::move(name)};
    co_return co_await succeeds(std::move(command));
  }

 protected:
  // The agent reaches one process; in a container that stays the others would stay, too.
  [[nodiscard]] Task<> kill() override {
    (void)co_await signal("KILL");
    (void)co_await signal_marked("KILL");
  }

 private:
  PidReport report_;
  Deadline deadline_;
};

Task<> end_aside(std::unique_ptr<RunningProgram> program) {
  co_await program->end();
}

class ExecHost final : public ProgramHost {
 public:
  explicit ExecHost(ExecPlace place) : place_(std::move(place)) {}

  [[nodiscard]] Task<std::unique_ptr<RunningProgram>> start(NewExec program) override {
    const auto terminal = program.terminal;
    auto starting =
        place_.guest_agent.empty() ? start_alone(std::move(program)) : start_by_guest(std::move(program));
    auto running = co_await std::move(starting);
    if (terminal) co_await try_resize(*running, *terminal, place_.log);
    co_return running;
  }

 private:
  Task<std::unique_ptr<RunningProgram>> start_alone(NewExec program) {
    auto facts = co_await run(std::move(program), in(place_.config->docker.command_start));
    co_return std::make_unique<ExecProgram>(std::move(facts));
  }

  Task<std::unique_ptr<RunningProgram>> start_by_guest(NewExec program) {
    const bool terminal = program.terminal.has_value();
    const std::vector<std::string> command{place_.guest_agent, "console", "--pid", "--"};
    program.command.insert(program.command.begin(), command.begin(), command.end());
    const auto deadline = in(place_.config->docker.command_start);
    auto facts = co_await run(std::move(program), deadline);
    auto running = std::make_unique<GuestProgram>(std::move(facts), terminal, deadline);
    std::exception_ptr failure;
    try {
      co_await running->read_pid();
      co_return running;
    } catch (const std::exception&) {
      failure = std::current_exception();
    }
    // Aside: an engine that hangs would take its time for this, too, and the user has waited enough.
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, end_aside(std::move(running)), asio::detached);
    if (std::chrono::steady_clock::now() < deadline) std::rethrow_exception(failure);
    throw backend::BackendError("the agent in the image did not say the process id in time",
                                "Your program did not start in time. Please try again later.");
  }

  Task<ExecProgram::Facts> run(NewExec program, Deadline deadline) {
    const bool terminal = program.terminal.has_value();
    auto mark = std::string(mark_name) + ssh::random_hex(limits::owner_bytes);
    program.environment.push_back(mark);
    auto exec = co_await place_.engine.create_exec(place_.container, std::move(program), deadline);
    auto stream = co_await place_.engine.start_exec(exec, terminal, deadline);
    co_return ExecProgram::Facts{std::move(exec), std::move(mark), std::move(stream), terminal, place_};
  }

  ExecPlace place_;
};

}  // namespace

std::unique_ptr<ProgramHost> make_exec_host(ExecPlace place) {
  return std::make_unique<ExecHost>(std::move(place));
}

Task<ExecEnd> run_exec(const ExecPlace& place, std::vector<std::string> command, std::string input,
                       Deadline deadline) {
  NewExec exec{std::move(command)};
  exec.input = !input.empty();
  auto id = co_await place.engine.create_exec(place.container, std::move(exec), deadline);
  const auto stream = co_await place.engine.start_exec(id, false, deadline);
  ssh::TaskScope closing(co_await asio::this_coro::executor);
  closing.spawn(close_at(deadline, [stream] { stream.close(); }));
  if (!input.empty()) {
    co_await stream.write(ssh::as_bytes(input));
    stream.close_write();
  }
  ExecEnd end;
  ProgramOutput output(stream, false);
  while (const auto piece = co_await output.next())
    if (end.words.size() < limits::engine_words) end.words += ssh::as_text(piece->data);
  end.words.resize(std::min(end.words.size(), limits::engine_words));
  end.code = co_await code_of(place, std::move(id), deadline);
  co_return end;
}

}  // namespace fairlead::docker
