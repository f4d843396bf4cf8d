// SPDX-License-Identifier: Apache-2.0
// Calls of the Engine API about programs beside a container's first one.
#include "backend/docker/engine_impl.hpp"
#include "backend/docker/limits.hpp"
#include "http/json.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <charconv>

namespace fairlead::docker {
namespace {

namespace json = boost::json;
using http::HttpError;
using http::percent_encode;

// Of one event; nothing when it is about something else. The engine writes numbers as text here.
std::optional<std::int64_t> exit_code_of(std::string_view line, const std::string& exec) {
  const auto event = http::parse_json(line, "the container engine's event");
  const auto& attributes = http::member(http::member(event, "Actor"), "Attributes");
  if (http::string_member(attributes, "execID") != exec) return std::nullopt;
  const auto text = http::string_member(attributes, "exitCode");
  std::int64_t code = -1;
  std::from_chars(text.data(), text.data() + text.size(), code);
  return code;
}

}  // namespace

Task<std::string> Engine::create_exec(std::string id, NewExec exec, Deadline deadline) const {
  json::object body{{"Cmd", json::array(exec.command.begin(), exec.command.end())},
                    {"AttachStdin", exec.input},
                    {"AttachStdout", true},
                    {"AttachStderr", true},
                    {"Tty", exec.terminal.has_value()}};
  if (!exec.environment.empty()) body["Env"] = json::array(exec.environment.begin(), exec.environment.end());
  if (!exec.user.empty()) body["User"] = exec.user;
  // From API 1.42 on the program finds its size at once (W3.22); older engines leave the key out of account.
  if (exec.terminal) body["ConsoleSize"] = json::array{exec.terminal->rows, exec.terminal->columns};
  auto text = json::serialize(body);
  const auto response = co_await call("POST", container_path(id, "/exec"), std::move(text), deadline);
  auto exec_id = http::string_member(http::parse_json(response.body, from_engine), "Id");
  if (exec_id.empty())
    throw HttpError(http::Failure::protocol, "the container engine made an exec without an id");
  co_return exec_id;
}

Task<http::Stream> Engine::start_exec(std::string exec, bool terminal, Deadline deadline) const {
  const auto target = "/exec/" + percent_encode(exec) + "/start";
  auto request = co_await make_request("POST", target, deadline);
  request.body = json::serialize(json::object{{"Detach", false}, {"Tty", terminal}});
  auto upgraded = co_await state_->client.upgrade(std::move(request));
  if (!upgraded.stream) refuse("POST", target, upgraded.head);
  co_return std::move(upgraded.stream);
}

Task<> Engine::resize_exec(std::string exec, ssh::TerminalSize size, Deadline deadline) const {
  const auto query = "/resize?h=" + std::to_string(size.rows) + "&w=" + std::to_string(size.columns);
  co_await call("POST", "/exec/" + percent_encode(exec) + query, "", deadline);
}

Task<ExecState> Engine::inspect_exec(std::string exec, Deadline deadline) const {
  const auto response = co_await call("GET", "/exec/" + percent_encode(exec) + "/json", "", deadline);
  const auto answer = http::parse_json(response.body, from_engine);
  co_return ExecState{http::true_member(answer, "Running"), http::integer_member(answer, "ExitCode")};
}

Task<std::int64_t> Engine::wait_exec(std::string id, std::string exec, Deadline deadline) const {
  const json::object filters{
      {"type", json::array{"container"}}, {"container", json::array{id}}, {"event", json::array{"exec_die"}}};
  // From the beginning of what the engine remembers: it may have happened while we asked.
  const auto target = "/events?since=1&filters=" + percent_encode(json::serialize(filters));
  auto request = co_await make_request("GET", target, deadline);
  auto answer = co_await state_->client.open(std::move(request));
  if (answer.head().status >= 400) refuse("GET", target, answer.head());
  if (const auto state = co_await inspect_exec(exec, deadline); !state.running) co_return state.exit_code;
  std::string lines;
  for (;;) {
    const auto piece = co_await answer.read();
    if (piece.empty()) throw HttpError(http::Failure::closed, "the container engine's events ended");
    lines += piece;
    for (std::size_t end = 0; (end = lines.find('\n')) != std::string::npos; lines.erase(0, end + 1))
      if (const auto code = exit_code_of(std::string_view(lines).substr(0, end), exec)) co_return *code;
    if (lines.size() > limits::progress_line)
      throw HttpError(http::Failure::too_big, "one of the container engine's events is too long");
  }
}

}  // namespace fairlead::docker
