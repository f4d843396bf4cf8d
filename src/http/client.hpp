// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 client in coroutines over Unix sockets, TCP and TLS: kept connections, deadlines, bounded answers,
// upgrades.
#pragma once

#include "http/endpoint.hpp"
#include "http/error.hpp"
#include "http/limits.hpp"
#include "http/message.hpp"
#include "http/stream.hpp"
#include "http/tls_options.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace fairlead::http {

using ssh::Task;

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

}  // namespace fairlead::http
