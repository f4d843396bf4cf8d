// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 client in coroutines over Unix sockets, TCP and TLS: kept connections, deadlines, bounded answers,
// upgrades.
#pragma once

#include "http/endpoint.hpp"
#include "http/error.hpp"
#include "http/limits.hpp"
#include "http/stream.hpp"
#include "http/tls_options.hpp"

#include <boost/json/value.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::http {

using ssh::Task;

struct Header {
  std::string name, value;
};

struct Request {
  std::string method = "GET";
  std::string target{};  // begins with '/', already percent-encoded (see percent_encode)
  std::vector<Header> headers{};
  std::string body{};
  std::string content_type = "application/json";  // sent when there is a body
  // send() only: how many are followed; the answer after those is given back as it is. 301, 302 and 303 turn
  // POST into GET without its body, 307 and 308 repeat it. Never from https to http, never to a Unix socket;
  // another origin sees neither `headers` nor the client certificate.
  unsigned redirects = 0;
  // To do it twice is to do it once. GET, HEAD, PUT and DELETE always are; see Client::send().
  bool idempotent = false;
  // The whole exchange must be over by then, connecting included; max() waits for ever.
  std::chrono::steady_clock::time_point deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(15);
};

struct Response {
  unsigned status = 0;
  std::string reason;
  std::vector<Header> headers;
  std::string body;

  // Empty when absent; names are compared without case.
  [[nodiscard]] std::string_view header(std::string_view name) const;
  // The body as JSON; throws HttpError(protocol).
  [[nodiscard]] boost::json::value json() const;
};

// An answer whose body is read piece by piece, for long progress streams. One io_context, one reader.
// Movable.
class ResponseStream {
 public:
  class Impl;
  explicit ResponseStream(std::unique_ptr<Impl> impl);
  ResponseStream(ResponseStream&&) noexcept;
  ResponseStream& operator=(ResponseStream&&) noexcept;
  ~ResponseStream();

  [[nodiscard]] const Response& head() const noexcept;  // the body stays empty
  // The next piece, at most limits::read_size bytes or so; empty at the end of the body.
  [[nodiscard]] Task<std::string> read();

 private:
  std::unique_ptr<Impl> impl_;
};

struct Upgraded {
  Response head;  // status 101, or whatever else the server said, then with its body
  Stream stream;  // refers to nothing unless the server switched
};

// Immutable and thread-safe; cheap to copy. Each call runs on the calling coroutine's executor with that
// io_context's own connections. All calls throw HttpError; an HTTP error status is an answer, not an
// exception.
class Client {
 public:
  explicit Client(Endpoint endpoint, std::optional<TlsOptions> tls = {},
                  std::size_t body_limit = limits::body);

  // What is idempotent is sent once more when a kept connection turns out to be dead before a byte of an
  // answer came.
  [[nodiscard]] Task<Response> send(Request request) const;
  // For bodies without an end in sight: body_limit does not apply.
  [[nodiscard]] Task<ResponseStream> open(Request request) const;
  // Asks with "Connection: Upgrade, Upgrade: tcp" (Docker's hijacking). The deadline ends with the answer's
  // header.
  [[nodiscard]] Task<Upgraded> upgrade(Request request) const;

  [[nodiscard]] const Endpoint& endpoint() const noexcept;

 private:
  friend class ResponseStream::Impl;
  struct State;
  using StatePointer = std::shared_ptr<const State>;
  // `request` must live until the end of the exchange.
  [[nodiscard]] static Task<std::unique_ptr<ResponseStream::Impl>> exchange(StatePointer state,
                                                                            const Request& request,
                                                                            bool bounded_body);
  [[nodiscard]] Task<Response> send_following(Request request) const;
  [[nodiscard]] static StatePointer towards(const State& home, const Endpoint& place);
  StatePointer state_;
};

// For path segments and query values: everything but RFC 3986's unreserved characters is escaped.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace fairlead::http
