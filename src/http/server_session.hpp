// SPDX-License-Identifier: Apache-2.0
// One connection of the HTTP server. Internal to this floor.
#pragma once

#include "http/server.hpp"
#include "http/transport.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>

namespace fairlead::http {

// Reads a request, answers it, and again:
//
//   waiting ──first byte──► reading ──complete──► answering ──► waiting
//      │ idle time             │ too slow, too big, no HTTP
//      ▼                       ▼
//    closed               a refusal, then closed
class ServerSession : public std::enable_shared_from_this<ServerSession> {
 public:
  ServerSession(std::unique_ptr<Transport> transport, std::shared_ptr<const ServerOptions> options,
                Handler handler, const ssh::asio::any_io_executor& executor);

  // The life of the connection; never throws but for cancellation.
  [[nodiscard]] Task<> run();
  // Ends it now.
  void close() { transport_->close(); }
  // Ends it when nothing is being read or answered, otherwise after the answer.
  void finish();
  // A request is complete and its answer under way.
  [[nodiscard]] bool answering() const noexcept { return phase_ == Phase::answering; }

 private:
  enum class Phase : std::uint8_t { waiting, reading, answering };
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  Task<> serve();
  Task<bool> serve_one();
  // False when the client left or stayed silent.
  Task<bool> wait_for_request();
  // The status of a refusal, or 0.
  Task<unsigned> read_request(Parser& parser);
  Task<unsigned> read_until(Parser& parser, bool header_only);
  Task<Response> answer(Request request);
  Task<> write(const Response& response, bool keep, bool with_body);
  Task<> linger();
  void read_within(std::chrono::steady_clock::duration time);

  std::unique_ptr<Transport> transport_;
  std::shared_ptr<const ServerOptions> options_;
  Handler handler_;
  // Not the transport's own deadline, which closes the connection: a client that is too slow is told so.
  ssh::asio::steady_timer watch_;
  boost::beast::flat_buffer buffer_{limits::unparsed};
  Phase phase_ = Phase::waiting;
  bool too_slow_ = false;
  bool finishing_ = false;
};

}  // namespace fairlead::http
