// SPDX-License-Identifier: Apache-2.0
// The test tool's rules, and the forms in which Go's library puts its answers.
#include "daemon/test_auth_server.hpp"

#include "daemon/zero_configuration.hpp"
#include "http/error.hpp"
#include "http/server.hpp"
#include "observe/sinks.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <utility>

namespace fairlead::daemon {
namespace {

namespace json = boost::json;

enum class Endpoint : std::uint8_t { password, public_key, authorization, configuration };

std::optional<Endpoint> endpoint_of(std::string_view target) {
  constexpr std::array<std::pair<std::string_view, Endpoint>, 4> known{
      {{"/password", Endpoint::password},
       {"/pubkey", Endpoint::public_key},
       {"/authz", Endpoint::authorization},
       {"/config", Endpoint::configuration}}};
  const auto path = target.substr(0, target.find('?'));
  const auto* const found = std::ranges::find(known, path, &std::pair<std::string_view, Endpoint>::first);
  return found == known.end() ? std::nullopt : std::optional(found->second);
}

// The first value of the body; what follows is not looked at.
std::optional<json::object> first_object(std::string_view body) {
  json::stream_parser parser;
  boost::system::error_code error;
  parser.write_some(body.data(), body.size(), error);
  if (!error && !parser.done()) parser.finish(error);
  if (error) return std::nullopt;
  json::value value = parser.release();
  return value.is_object() ? std::optional(std::move(value.get_object())) : std::nullopt;
}

// Reads as Go does: names in any case, the last one counts, null is as if it were not there.
const json::value* member(const json::object& object, std::string_view name) {
  const json::value* found = nullptr;
  for (const auto& entry : object)
    if (!entry.value().is_null() && boost::beast::iequals(entry.key(), name)) found = &entry.value();
  return found;
}

enum class Type : std::uint8_t { text, map };

struct Known {
  std::string_view name;
  Type type;
  bool always;  // written also when it is empty
};

// In the order of services.md section 0.3.
constexpr std::array<Known, 8> metadata_members{{{"remoteAddress", Type::text, true},
                                                 {"connectionId", Type::text, true},
                                                 {"metadata", Type::map, false},
                                                 {"environment", Type::map, false},
                                                 {"files", Type::map, false},
                                                 {"clientVersion", Type::text, true},
                                                 {"username", Type::text, true},
                                                 {"authenticatedUsername", Type::text, false}}};

// {"name": {"value": "…", "sensitive": false}, …}
bool is_metadata_map(const json::value& value) {
  const auto* map = value.if_object();
  if (map == nullptr) return false;
  return std::ranges::all_of(*map, [](const auto& entry) {
    const auto* fields = entry.value().if_object();
    if (fields == nullptr) return false;
    const auto* text = member(*fields, "value");
    const auto* sensitive = member(*fields, "sensitive");
    return (text == nullptr || text->is_string()) && (sensitive == nullptr || sensitive->is_bool());
  });
}

// What the request says about the connection, to be echoed. Nothing when a member has the wrong type.
std::optional<json::object> metadata_of(const json::object& request) {
  json::object metadata;
  for (const Known& known : metadata_members) {
    const json::value* value = member(request, known.name);
    if (value == nullptr) {
      if (known.always) metadata[known.name] = "";
      continue;
    }
    if (known.type == Type::text ? !value->is_string() : !is_metadata_map(*value)) return std::nullopt;
    metadata[known.name] = *value;
  }
  return metadata;
}

bool has_text(const json::object& request, std::string_view name) {
  const auto* value = member(request, name);
  return value == nullptr || value->is_string();
}

bool is_test_user(std::string_view username) {
  return username == "foo" || username == "busybox";
}

json::object verdict(Endpoint endpoint, json::object metadata, TestAnswers how) {
  const std::string username(metadata["username"].as_string());
  const bool everybody =
      endpoint == Endpoint::authorization || (endpoint == Endpoint::password && how.allow_all);
  const bool success = everybody || is_test_user(username);
  if (success) metadata["authenticatedUsername"] = username;
  metadata["success"] = success;
  return metadata;
}

json::object& object_at(json::object& parent, std::string_view name) {
  json::value& value = parent[name];
  return value.is_object() ? value.get_object() : value.emplace_object();
}

json::object configuration(std::string_view username, TestAnswers how) {
  json::object config;
  if (how.zero_values) config = json::parse(zero_configuration).as_object();
  if (username == "busybox") {
    json::object& execution = object_at(object_at(config, "docker"), "execution");
    if (how.zero_values) execution["container"] = json::parse(zero_container);
    object_at(execution, "container")["Image"] = "busybox";
    execution["disableAgent"] = true;
    execution["mode"] = "session";
    execution["shellCommand"] = json::array{"/bin/sh"};
  }
  json::object answer;
  // Go's library sends the metadata members of an answer that sets none; "<nil>:0" is its unset address.
  if (how.zero_values)
    answer = {{"remoteAddress", "<nil>:0"}, {"connectionId", ""}, {"clientVersion", ""}, {"username", ""}};
  answer["config"] = std::move(config);
  return answer;
}

http::Response broken_request() {
  return http::json_answer(500, "{\"error\":\"Internal Server Error\"}\n");
}

// What the log tells of a request: never a password or a key.
void log_request(const observe::Log& log, const http::Request& request, const http::Response& response) {
  std::string username;
  if (const auto body = first_object(request.body))
    if (const auto* name = member(*body, "username"); name != nullptr && name->is_string())
      username = name->get_string();
  log.debug("TEST_AUTH_REQUEST", "A request was answered",
            {{"method", request.method},
             {"path", request.target},
             {"statusCode", static_cast<std::int64_t>(response.status)},
             {"username", username}});
}

ssh::Task<> stop_at_signal(http::Server& server) {
  boost::asio::signal_set signals(co_await boost::asio::this_coro::executor, SIGINT, SIGTERM);
  (void)co_await signals.async_wait(boost::asio::use_awaitable);
  server.stop();
}

std::string with_port(const TestAuthServerOptions& options) {
  const bool v6 = options.listen.find(':') != std::string::npos;
  return fmt::format("{}:{}", v6 ? "[" + options.listen + "]" : options.listen, options.port);
}

}  // namespace

http::Response answer_as_test_server(const http::Request& request, TestAnswers how) {
  const auto endpoint = endpoint_of(request.target);
  if (!endpoint) return http::text_answer(404, "404 page not found\n");
  if (request.method != "POST") {
    auto refusal = http::text_answer(405, "Method Not Allowed\n");
    refusal.headers.push_back({"Allow", "POST"});
    return refusal;
  }
  const auto body = first_object(request.body);
  if (!body || !has_text(*body, "passwordBase64") || !has_text(*body, "publicKey")) return broken_request();
  auto metadata = metadata_of(*body);
  if (!metadata) return broken_request();
  const json::object answer = *endpoint == Endpoint::configuration
                                  ? configuration((*metadata)["username"].as_string(), how)
                                  : verdict(*endpoint, std::move(*metadata), how);
  return http::json_answer(200, json::serialize(answer) + "\n");
}

int run_test_auth_server(const TestAuthServerOptions& options) {
  const char* everybody = std::getenv("CONTAINERSSH_ALLOW_ALL");
  const TestAnswers how{.allow_all = everybody != nullptr && std::string_view(everybody) == "1",
                        .zero_values = options.zero_values};
  const observe::Log log(observe::descriptor_sink(STDOUT_FILENO, observe::LineFormat::ljson),
                         observe::Level::debug);
  std::signal(SIGPIPE, SIG_IGN);
  boost::asio::io_context io{1};
  http::ServerOptions server_options{.listen = with_port(options)};
  server_options.report = [log](const std::string& problem) { log.error("TEST_AUTH_SERVER", problem); };
  std::optional<http::Server> server;
  try {
    server.emplace(io.get_executor(), std::move(server_options),
                   [how, log](http::Request request) -> ssh::Task<http::Response> {
                     auto response = answer_as_test_server(request, how);
                     log_request(log, request, response);
                     co_return response;
                   });
  } catch (const http::HttpError& error) {
    fmt::print(stderr, "fairlead: {}\n", error.what());
    return 1;
  }
  fmt::print(stderr,
             "The test server for webhooks listens on http://{}.\n"
             "It is for tests only: {}, and any key of these users, are let in without a check.\n",
             server->local_address(),
             how.allow_all ? "every user with any password" : "the users foo and busybox");
  ssh::TaskScope tasks(io.get_executor());
  tasks.spawn(stop_at_signal(*server));
  boost::asio::co_spawn(io, server->run(), [&](const std::exception_ptr&) { tasks.cancel(); });
  io.run();
  fmt::print(stderr, "The test server has stopped.\n");
  return 0;
}

}  // namespace fairlead::daemon
