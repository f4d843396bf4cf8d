// SPDX-License-Identifier: Apache-2.0
// The health endpoint and its client.
#include "daemon/health.hpp"

#include "config/pem.hpp"
#include "http/error.hpp"
#include "http/negotiation.hpp"
#include "webhook/client.hpp"
#include "webhook/limits.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/core/string.hpp>

#include <array>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

namespace fairlead::daemon {
namespace {

// `"ok"` and a header; whatever else answers there is not the health endpoint.
constexpr std::size_t longest_answer = 4096;

std::string load_pem(const std::string& value, const char* key) {
  if (value.empty()) return {};
  auto text = config::pem_text(value);
  if (!text) throw std::runtime_error(std::string("health.") + key + ": " + text.error());
  return std::move(*text);
}

std::optional<http::TlsOptions> tls_options(const config::HttpServer& server) {
  if (server.cert.empty()) return std::nullopt;
  return http::TlsOptions{.ca = load_pem(server.clientcacert, "clientcacert"),
                          .certificate = load_pem(server.cert, "cert"),
                          .key = load_pem(server.key, "key"),
                          .minimum_version = server.tls.minimum_version,
                          .curves = server.tls.curves,
                          .ciphers = server.tls.ciphers};
}

ssh::Task<http::Response> answer(bool healthy, http::Request request) {
  co_return health_answer(healthy, request);
}

std::string accept_of(const http::Request& request) {
  std::string all;
  for (const auto& header : request.headers)
    if (boost::beast::iequals(header.name, "Accept")) (all += all.empty() ? "" : ",") += header.value;
  return all;
}

http::Response ask(const config::HttpClient& block) {
  auto made = webhook::make_client(block, longest_answer);
  if (!made) throw std::runtime_error(made.error());
  http::Request request{.target = made->target,
                        .headers = {{"Accept", "application/json"}},
                        .redirects = block.allow_redirects ? webhook::limits::redirects : 0,
                        .deadline = std::chrono::steady_clock::now() + block.timeout};
  boost::asio::io_context io{1};
  http::Response response;
  std::exception_ptr failure;
  boost::asio::co_spawn(io, made->client.send(std::move(request)),
                        [&](std::exception_ptr error, http::Response got) {
                          failure = std::move(error);
                          response = std::move(got);
                        });
  io.run();
  if (failure) std::rethrow_exception(failure);
  return response;
}

// "" when the answer says that all is well.
std::string illness(const config::HttpClient& block) {
  try {
    const http::Response response = ask(block);
    if (response.status != 200) return "the answer has the status " + std::to_string(response.status);
    return response.json().is_string() ? "" : "the answer is not a JSON string";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

http::Response health_answer(bool healthy, const http::Request& request) {
  constexpr std::array<std::string_view, 3> types{"application/json", "text/plain", "text/html"};
  constexpr std::size_t text = 1;
  const auto choice = http::negotiate(accept_of(request), types);
  if (healthy && !choice && choice.error() == http::NoChoice::nothing_fits)
    return http::text_answer(406, "The health endpoint has application/json and text/plain.\n");
  const std::size_t type = choice.value_or(text);
  http::Response response{.status = healthy ? 200U : 503U};
  response.body = healthy ? "ok" : "not ok";
  if (type == 0) response.body = '"' + response.body + '"';
  response.headers.push_back(
      {"Content-Type", std::string(types.at(type)) + (type == 0 ? "" : "; charset=utf-8")});
  response.headers.push_back({"Cache-Control", "no-store"});
  return response;
}

Health::Health(const ssh::asio::any_io_executor& executor, const config::Health& config,
               const observe::Log& log)
    : executor_(executor), log_(log.with({{"module", "health"}})), serving_(executor) {
  reload(config);
}

std::unique_ptr<http::Server> Health::open(const config::Health& config) const {
  http::ServerOptions options{.listen = config.listen, .tls = tls_options(config)};
  options.report = [log = log_](const std::string& problem) { log.warning("HEALTH_SERVER_FAILED", problem); };
  return std::make_unique<http::Server>(
      executor_, std::move(options),
      [healthy = healthy_](http::Request request) { return answer(*healthy, std::move(request)); });
}

void Health::serve(std::unique_ptr<http::Server> server, std::string listen) {
  server_ = std::move(server);
  listen_ = std::move(listen);
  serving_.spawn(server_->run());
  log_.info("HEALTH_AVAILABLE", "The health endpoint is served", {{"listen", server_->local_address()}});
}

void Health::reload(const config::Health& config) {
  if (!config.enable) return server_.reset();
  try {
    if (server_ && config.listen == listen_)
      server_->replace_tls(tls_options(config));
    else
      serve(open(config), config.listen);
  } catch (const http::HttpError& error) {
    throw std::runtime_error(std::string("health: ") + error.what());
  }
}

bool check_health(const config::Health& config, const observe::Log& log) {
  if (!config.enable) {
    log.info("CORE_HEALTH_CHECK_SUCCESSFUL", "The health endpoint is not enabled, nothing is checked");
    return true;
  }
  const std::string wrong = illness(config.client);
  if (wrong.empty()) {
    log.info("CORE_HEALTH_CHECK_SUCCESSFUL", "The server is healthy");
    return true;
  }
  log.warning("HEALTH_REQUEST_FAILED", wrong, {{"url", config.client.url}});
  log.error("CORE_HEALTH_CHECK_FAILED", "The server is not healthy");
  return false;
}

}  // namespace fairlead::daemon
