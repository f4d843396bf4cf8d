// SPDX-License-Identifier: Apache-2.0
// Reading requests, refusing what is none, writing answers.
#include "http/server_session.hpp"

#include "http/feed.hpp"

#include <boost/beast/core/string.hpp>

#include <array>
#include <ctime>
#include <utility>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Status = beast::http::status;
using std::chrono::steady_clock;

constexpr unsigned bad_request = 400;
constexpr unsigned request_timeout = 408;
constexpr unsigned content_too_large = 413;
constexpr unsigned expectation_failed = 417;
constexpr unsigned header_too_large = 431;

unsigned refusal_of(boost::system::error_code error) {
  if (error == beast::http::error::body_limit) return content_too_large;
  if (error == beast::http::error::header_limit) return header_too_large;
  return bad_request;
}

// RFC 9112 section 3.2: path and query, whichever form the client chose. Empty when it is neither.
std::string target_of(std::string_view target, std::string_view method) {
  if (target == "*" && method == "OPTIONS") return "*";
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const auto path = target.find_first_of("/?", target.find("//") + 2);
    target = path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target.starts_with('/') ? std::string(target) : std::string();
}

// What the parser lets pass although the standard does not. 0 when nothing is wrong.
template <class Message>
unsigned header_mistake(const Message& message, bool chunked) {
  // RFC 9112 section 3.2: exactly one Host since HTTP/1.1.
  const auto hosts = message.count(beast::http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) return bad_request;
  // Section 6.1: a length that cannot be known.
  if (message.count(beast::http::field::transfer_encoding) > 0 && !chunked) return bad_request;
  if (target_of(message.target(), message.method_string()).empty()) return bad_request;
  const auto expect = message[beast::http::field::expect];
  if (!expect.empty() && !beast::iequals(expect, "100-continue")) return expectation_failed;
  return 0;
}

// RFC 9110 section 5.6.7: "Sun, 06 Nov 1994 08:49:37 GMT", in English whatever the locale is.
std::string http_date() {
  constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> rest{};
  (void)std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &utc);
  const std::string day = std::to_string(utc.tm_mday);
  return std::string(days.at(static_cast<std::size_t>(utc.tm_wday))) + ", " + (day.size() < 2 ? "0" : "") +
         day + " " + months.at(static_cast<std::size_t>(utc.tm_mon)) + rest.data();
}

std::string reason_of(const Response& response) {
  if (!response.reason.empty()) return response.reason;
  return std::string(beast::http::obsolete_reason(beast::http::int_to_status(response.status)));
}

std::string head_of(const Response& response, bool keep) {
  std::string text = "HTTP/1.1 " + std::to_string(response.status) + " " + reason_of(response) +
                     "\r\nDate: " + http_date() + "\r\n";
  for (const auto& header : response.headers) {
    check_word(header.name);
    check_value(header.value);
    text += header.name + ": " + header.value + "\r\n";
  }
  if (response.status != 204 && response.status != 304)
    text += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  text += keep ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n";
  return text;
}

}  // namespace

ServerSession::ServerSession(std::unique_ptr<Transport> transport,
                             std::shared_ptr<const ServerOptions> options, Handler handler,
                             const asio::any_io_executor& executor)
    : transport_(std::move(transport)),
      options_(std::move(options)),
      handler_(std::move(handler)),
      watch_(executor) {}

void ServerSession::finish() {
  finishing_ = true;
  if (phase_ == Phase::waiting) close();
}

void ServerSession::read_within(steady_clock::duration time) {
  watch_.expires_after(time);
  watch_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self) return;
    self->too_slow_ = true;
    self->transport_->cancel();
  });
}

Task<> ServerSession::run() {
  const auto self = shared_from_this();
  try {
    co_await serve();
  } catch (const HttpError&) {
    // The client has gone, or is not worth an answer.
    close();
  }
  watch_.cancel();
}

Task<> ServerSession::serve() {
  transport_->expires_at(steady_clock::now() + options_->limits.header_time);
  co_await transport_->handshake();
  transport_->expires_at(TimePoint::max());
  while (co_await serve_one()) {
  }
}

Task<bool> ServerSession::serve_one() {
  if (!co_await wait_for_request()) co_return false;
  Parser parser;
  const unsigned refused = co_await read_request(parser);
  phase_ = Phase::answering;
  if (refused != 0) {
    const Response refusal = text_answer(refused, reason_of({.status = refused}) + "\n");
    co_await write(refusal, false, true);
    co_await linger();
    co_return false;
  }
  auto& message = parser.get();
  Request request;
  request.method = std::string(message.method_string());
  request.target = target_of(message.target(), request.method);
  for (const auto& field : message)
    request.headers.push_back({std::string(field.name_string()), std::string(field.value())});
  request.body = std::move(message.body());
  const bool with_body = request.method != "HEAD";
  const Response response = co_await answer(std::move(request));
  const bool keep = parser.keep_alive() && !finishing_;
  co_await write(response, keep, with_body);
  if (!keep) co_await linger();
  co_return keep;
}

Task<bool> ServerSession::wait_for_request() {
  phase_ = Phase::waiting;
  if (finishing_) co_return false;
  if (buffer_.size() == 0) {
    read_within(options_->limits.idle_time);
    const auto space = buffer_.prepare(limits::read_size);
    const ssh::MutableBytes room(static_cast<std::byte*>(space.data()), space.size());
    const auto size = co_await transport_->read_some(room);
    buffer_.commit(size);
  }
  phase_ = Phase::reading;
  co_return buffer_.size() > 0;
}

Task<unsigned> ServerSession::read_request(Parser& parser) {
  parser.header_limit(options_->limits.header_bytes);
  parser.body_limit(options_->limits.body_bytes);
  read_within(options_->limits.header_time);
  if (const unsigned refused = co_await read_until(parser, true); refused != 0) co_return refused;
  const auto& message = parser.get();
  if (const unsigned mistake = header_mistake(message, parser.chunked()); mistake != 0) co_return mistake;
  parser.eager(true);
  const bool asks = message.version() >= 11 && message.count(beast::http::field::expect) > 0;
  if (asks && !parser.is_done() && buffer_.size() == 0) {
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    co_await transport_->write(ssh::as_bytes(go_on));
  }
  read_within(options_->limits.body_time);
  const unsigned refused = co_await read_until(parser, false);
  watch_.cancel();
  co_return refused;
}

// 0 when the parser has what is wanted. Throws when the client left in the middle: nobody is there to be
// told.
Task<unsigned> ServerSession::read_until(Parser& parser, bool header_only) {
  while (header_only ? !parser.is_header_done() : !parser.is_done()) {
    if (too_slow_) co_return request_timeout;
    boost::system::error_code error;
    try {
      error = co_await feed(parser, buffer_, *transport_);
    } catch (const HttpError& failure) {
      if (!too_slow_ || failure.kind() != Failure::cancelled) throw;
      co_return request_timeout;
    }
    if (error == beast::http::error::partial_message || error == beast::http::error::end_of_stream)
      throw HttpError(Failure::closed, "the client left in the middle of a request");
    if (error) co_return refusal_of(error);
  }
  co_return 0;
}

Task<Response> ServerSession::answer(Request request) {
  std::string failure;
  try {
    co_return co_await handler_(std::move(request));
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (options_->report) options_->report("a request could not be answered: " + failure);
  co_return text_answer(500, "Internal Server Error\n");
}

Task<> ServerSession::write(const Response& response, bool keep, bool with_body) {
  transport_->expires_at(steady_clock::now() + options_->limits.write_time);
  std::string text = head_of(response, keep);
  if (with_body && response.status != 204 && response.status != 304) text += response.body;
  co_await transport_->write(ssh::as_bytes(text));
  transport_->expires_at(TimePoint::max());
}

Task<> ServerSession::linger() {
  transport_->expires_at(steady_clock::now() + options_->limits.linger_time);
  co_await transport_->say_goodbye();
  std::size_t discarded = 0;
  buffer_.consume(buffer_.size());
  while (discarded < limits::server::linger_bytes) {
    const auto space = buffer_.prepare(limits::read_size);
    const ssh::MutableBytes room(static_cast<std::byte*>(space.data()), space.size());
    const auto size = co_await transport_->read_some(room);
    if (size == 0) break;
    discarded += size;
  }
}

}  // namespace fairlead::http
