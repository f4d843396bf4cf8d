// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server in coroutines over TCP and TLS, for probes, metrics and tools: bounded in size,
// time and number of connections; what a client sends never does more than end its own connection.
#pragma once

#include "http/limits.hpp"
#include "http/message.hpp"
#include "http/tls_options.hpp"

#include <fairlead/ssh/async.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace fairlead::http {

// limits.hpp has the reasons.
struct ServerLimits {
  std::uint32_t header_bytes = limits::server::header;
  std::uint64_t body_bytes = limits::server::body;
  std::size_t connections = limits::server::connections;
  std::chrono::steady_clock::duration header_time = limits::server::header_time;
  std::chrono::steady_clock::duration body_time = limits::server::body_time;
  std::chrono::steady_clock::duration write_time = limits::server::write_time;
  std::chrono::steady_clock::duration idle_time = limits::server::idle_time;
  std::chrono::steady_clock::duration linger_time = limits::server::linger_time;
};

struct ServerOptions {
  std::string listen;               // as listen_on() takes it
  std::optional<TlsOptions> tls{};  // with `ca`, clients must show a certificate
  ServerLimits limits{};
  // Sentences for the operator: no connection can be accepted, the handler failed. May be empty.
  std::function<void(const std::string&)> report{};
};

// Answers a whole request; Content-Length, Connection and Date are the server's. An exception is a 500 that
// tells nothing. HEAD is answered like GET, the server leaves the body out. Lives at least as long as its
// calls. May be called again before the first call has ended.
using Handler = std::function<ssh::Task<Response>(Request)>;

[[nodiscard]] Response text_answer(unsigned status, std::string text);
[[nodiscard]] Response json_answer(unsigned status, std::string json);

// Runs on one executor. Destruction closes every connection at once.
class Server {
 public:
  // Binds and listens. Throws HttpError(endpoint).
  Server(const ssh::asio::any_io_executor& executor, ServerOptions options, Handler handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until stop() and the end of the last connection.
  [[nodiscard]] ssh::Task<> run();
  // For connections that come from now on. Throws HttpError, and then nothing has changed.
  void replace_tls(const std::optional<TlsOptions>& tls);
  // No new connections; waiting ones are closed, requests under way are answered.
  void stop();
  [[nodiscard]] std::string local_address() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::http
