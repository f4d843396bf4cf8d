// SPDX-License-Identifier: Apache-2.0
// One connection of the HTTP client: bytes over a Unix socket, TCP, or TLS, with one deadline. Internal to
// this floor.
#pragma once

#include "http/endpoint.hpp"
#include "http/error.hpp"
#include "http/tls.hpp"

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/bytes.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace fairlead::http {

using ssh::Task;
using TimePoint = std::chrono::steady_clock::time_point;

// One reader and one writer at a time. Errors are HttpErrors that name the endpoint.
class Transport {
 public:
  virtual ~Transport() = default;
  // Applies to everything started from now on; TimePoint::max() is none.
  virtual void expires_at(TimePoint deadline) = 0;
  [[nodiscard]] virtual Task<std::size_t> read_some(ssh::MutableBytes buffer) = 0;  // 0: end of stream
  [[nodiscard]] virtual Task<> write(ssh::Bytes data) = 0;
  // Half-close. Not over TLS, where nothing happens: the connection stays open until it is destroyed.
  virtual void close_write() = 0;
  // Whoever reads or writes is woken with an error.
  virtual void close() = 0;
  // The same, but the connection stays open.
  virtual void cancel() = 0;
  // Of accepted connections, first of all; nothing to do without TLS.
  [[nodiscard]] virtual Task<> handshake() = 0;
  // Says that no more will be written; over TLS this waits for the peer's answer to it. Never throws.
  [[nodiscard]] virtual Task<> say_goodbye() = 0;
  // Nothing arrived and nobody hung up since the last answer.
  [[nodiscard]] virtual bool is_quiet() = 0;
};

struct ConnectOptions {
  Endpoint endpoint;
  TlsContext tls;  // for Kind::tls
  TimePoint deadline;
};

// Throws HttpError: connect, timeout or cancelled.
[[nodiscard]] Task<std::unique_ptr<Transport>> connect(ConnectOptions options);

// A connection that came in; with `tls`, handshake() must follow.
[[nodiscard]] std::unique_ptr<Transport> make_accepted(ssh::asio::ip::tcp::socket socket, TlsContext tls);

}  // namespace fairlead::http
