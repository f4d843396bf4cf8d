// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 client in coroutines over Unix sockets, TCP and TLS: kept connections, deadlines, bounded answers,
// upgrades.
#pragma once

#include "http/endpoint.hpp"
#include "http/error.hpp"
#include "http/limits.hpp"
#include "http/stream.hpp"

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
  unsigned redirects = 0;  // how many are followed; the answer after those is given back as it is
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

// PEM texts. Without `ca` the system's authorities are trusted. Empty lists are OpenSSL's choice.
struct TlsOptions {
  std::string ca, certificate, key;
  std::string minimum_version = "1.2";           // or "1.3"
  std::vector<std::string> curves{}, ciphers{};  // IANA's names, as config::Tls
};

// Immutable and thread-safe; cheap to copy. Each call runs on the calling coroutine's executor with that
// io_context's own connections. All calls throw HttpError; an HTTP error status is an answer, not an
// exception.
class Client {
 public:
  explicit Client(Endpoint endpoint, std::optional<TlsOptions> tls = {},
                  std::size_t body_limit = limits::body);

  // GET, HEAD, PUT and DELETE are sent once more when a kept connection turns out to be dead.
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
  [[nodiscard]] Task<std::unique_ptr<ResponseStream::Impl>> exchange(Request request,
                                                                     bool bounded_body) const;
  std::shared_ptr<const State> state_;
};

// For path segments and query values: everything but RFC 3986's unreserved characters is escaped.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace fairlead::http
