// SPDX-License-Identifier: Apache-2.0
// Requests of a session, and the two pumps of its program.
#include "backend/docker/agentless_session.hpp"

#include "backend/docker/exec_command.hpp"
#include "backend/docker/failure.hpp"

#include <fairlead/ssh/limits.hpp>
#include <fairlead/ssh/requests.hpp>

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace fairlead::docker {
namespace {

using ssh::RequestType;

// Shared by the coroutines of one session; they run on one executor.
struct Session {
  std::shared_ptr<AgentlessLogin> login;
  ssh::Channel channel;
  std::map<std::string, std::string> variables = {};  // the client's
  std::optional<ssh::TerminalSize> terminal = {};
  std::unique_ptr<RunningProgram> program = {};
  std::string failure = {};  // why there is none, once one was to be started

  [[nodiscard]] const config::Docker& docker() const { return login->login.config->docker; }
  [[nodiscard]] const observe::Log& log() const { return login->login.log; }
};

std::vector<std::string> environment_of(const Session& session) {
  auto all = session.login->environment;
  for (const auto& [name, value] : session.variables) all[name] = value;
  for (const auto& [name, value] : session.login->fixed_environment) all[name] = value;
  std::vector<std::string> texts;
  texts.reserve(all.size());
  for (const auto& [name, value] : all) texts.push_back(fmt::format("{}={}", name, value));
  return texts;
}

// What standard output brings, until it ends.
Task<> copy_output(Session& session) {
  ProgramOutput& output = session.program->output();
  while (const auto piece = co_await output.next()) {
    if (piece->source == ProgramOutput::Source::standard_error)
      co_await session.channel.write_stderr(piece->data);
    else
      co_await session.channel.write(piece->data);
  }
}

// The end of output, and the exit of the program, define the end; the client's EOF does not (W3.4).
Task<> pump_output(std::shared_ptr<Session> session) {
  try {
    co_await copy_output(*session);
    const auto code = co_await session->program->exit_code();
    session->channel.close_write();
    session->channel.send_exit_status(static_cast<std::uint32_t>(code));
    session->log().debug("DOCKER_EXIT_CODE", "The program has ended", {{"exitCode", code}});
  } catch (const ssh::ConnectionError&) {  // the client is gone
  } catch (const std::exception& error) {
    // Closed without an end: the relay asks the box for a reason and tells it (W3.5).
    session->log().debug("DOCKER_EXIT_CODE_FAILED", error.what());
  }
  session->channel.close();
}

Task<> pump_input(std::shared_ptr<Session> session) {
  const auto stream = session->program->stream();
  try {
    for (;;) {
      const ssh::View view = co_await session->channel.view();
      if (view.data.empty()) break;
      if (view.type == ssh::StreamType::standard) co_await stream.write(view.data);
      session->channel.consume(view.data.size());
    }
    // A terminal has no end of input; and with one, Docker takes this end for that of the output, which is
    // lost.
    if (!session->terminal) stream.close_write();
  } catch (const ssh::ConnectionError&) {  // the client is gone
  } catch (const http::HttpError& error) {
    // The program reads no more. Its output goes on; what the client still sends is dropped.
    session->log().debug("DOCKER_STREAM_INPUT_FAILED", error.what());
    session->channel.close_read();
  }
}

std::optional<Arguments> arguments_for(const Session& session, const ssh::Request& request) {
  if (request.type() == RequestType::shell) return shell_arguments(session.docker());
  if (request.type() == RequestType::exec) {
    const auto exec = request.parse<ssh::ExecRequest>();
    if (!exec) return std::nullopt;
    return exec_arguments(session.docker(), exec->command);
  }
  const auto subsystem = request.parse<ssh::SubsystemRequest>();
  if (!subsystem) return std::nullopt;
  return subsystem_arguments(session.docker(), subsystem->name);
}

// A program that could not be started ends like one that has said so itself: the client of a refused request
// may never show why. 255 is what ssh ends with for errors that are no program's.
Task<> tell_failure(std::shared_ptr<Session> session) {
  constexpr std::uint32_t not_started = 255;
  try {
    co_await session->channel.write_stderr(ssh::as_bytes(session->failure));
    session->channel.close_write();
    session->channel.send_exit_status(not_started);
  } catch (const ssh::ConnectionError&) {  // the client is gone
  }
  session->channel.close();
}

Task<bool> start(Session& session, const ssh::Request& request) {
  if (session.program || !session.failure.empty()) co_return false;
  auto arguments = arguments_for(session, request);
  if (!arguments) co_return false;
  NewExec program{std::move(*arguments), environment_of(session)};
  program.terminal = session.terminal;
  std::exception_ptr failure;
  try {
    session.program = co_await session.login->host->start(std::move(program));
    co_return true;
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  const auto why = explain(failure, "start a program");
  session.log().error("DOCKER_EXEC_CREATE_FAILED", why.what());
  session.failure = "fairlead: " + why.user_text() + (session.terminal ? "\r\n" : "\n");
  co_return true;
}

bool set_variable(Session& session, const ssh::Request& request) {
  const auto variable = request.parse<ssh::EnvRequest>();
  if (session.program || !variable || variable->name.empty() ||
      variable->name.find('=') != std::string::npos ||
      session.variables.size() >= ssh::limits::environment_variables)
    return false;
  session.variables[variable->name] = variable->value;
  return true;
}

bool set_terminal(Session& session, const ssh::Request& request) {
  const auto wish = request.parse<ssh::PtyRequest>();
  if (session.program || session.terminal || !wish) return false;
  session.terminal = wish->size;
  session.variables["TERM"] = wish->term;
  return true;
}

Task<bool> change_window(Session& session, const ssh::Request& request) {
  const auto change = request.parse<ssh::WindowChangeRequest>();
  if (!change || !session.terminal) co_return false;
  session.terminal = change->size;  // of a program that starts later
  if (session.program) co_await session.program->resize(change->size);
  co_return true;
}

Task<bool> send_signal(Session& session, const ssh::Request& request) {
  auto wish = request.parse<ssh::SignalRequest>();
  if (!wish || !session.program) co_return false;
  co_return co_await session.program->signal(std::move(wish->name));
}

Task<bool> serve_request(Session& session, const ssh::Request& request) {
  switch (request.type()) {
    case RequestType::env:
      co_return set_variable(session, request);
    case RequestType::pty_req:
      co_return set_terminal(session, request);
    case RequestType::window_change:
      co_return co_await change_window(session, request);
    case RequestType::signal:
      co_return co_await send_signal(session, request);
    case RequestType::shell:
    case RequestType::exec:
    case RequestType::subsystem:
      co_return co_await start(session, request);
    default:
      co_return false;
  }
}

// What the engine refuses is a request refused.
Task<bool> try_request(Session& session, const ssh::Request& request) {
  try {
    co_return co_await serve_request(session, request);
  } catch (const ssh::ConnectionError&) {  // the client is gone
  } catch (const std::exception& error) {
    session.log().debug("DOCKER_REQUEST_FAILED", error.what(),
                        {{"RequestType", std::string(request.name())}});
  }
  co_return false;
}

}  // namespace

Task<> serve_agentless(std::shared_ptr<AgentlessLogin> login, ssh::OpenedChannel opened) {
  auto session = std::make_shared<Session>(Session{.login = std::move(login), .channel = opened.channel});
  ssh::TaskScope pumps(co_await ssh::asio::this_coro::executor);
  bool started = false;
  while (auto request = co_await opened.requests.next()) {
    const bool success = co_await try_request(*session, *request);
    request->reply(success);
    const bool failed = !session->failure.empty();
    if (started || (!session->program && !failed)) continue;
    started = true;
    if (failed) {
      pumps.spawn(tell_failure(session));
    } else {
      pumps.spawn(pump_output(session));
      pumps.spawn(pump_input(session));
    }
  }
  session->channel.close();
  if (session->program) co_await session->program->end();
  co_await pumps.join();
}

}  // namespace fairlead::docker
