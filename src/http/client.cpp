// SPDX-License-Identifier: Apache-2.0
// The exchange: a request's bytes out, Beast's parser fed with what comes back.
#include "http/client.hpp"

#include "base/secret.hpp"
#include "http/feed.hpp"
#include "http/pool.hpp"
#include "http/redirect.hpp"
#include "http/transport.hpp"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <exception>
#include <mutex>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Parser = beast::http::response_parser<beast::http::string_body>;

std::string request_text(const Request& request, const Endpoint& endpoint) {
  check_word(request.method);
  check_word(request.target);
  std::string text = request.method + " ";
  if (endpoint.kind != Endpoint::Kind::unix_socket) text += endpoint.path;
  text += request.target + " HTTP/1.1\r\nHost: " + endpoint.host_header() + "\r\nUser-Agent: fairlead\r\n";
  for (const auto& header : request.headers) {
    check_word(header.name);
    check_value(header.value);
    text += header.name + ": " + header.value + "\r\n";
  }
  const bool has_body = !request.body.empty();
  if (has_body) text += "Content-Type: " + request.content_type + "\r\n";
  if (has_body || request.method == "POST" || request.method == "PUT")
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  text += "\r\n";
  // One write for small requests; a large body follows on its own instead of being copied.
  if (request.body.size() <= limits::read_size) text += request.body;
  return text;
}

// A body may hold a password (auth webhooks): nothing of it stays in memory that is given back.
class WipedAtEnd {
 public:
  explicit WipedAtEnd(std::string& text) : text_(text) {}
  WipedAtEnd(const WipedAtEnd&) = delete;
  WipedAtEnd& operator=(const WipedAtEnd&) = delete;
  ~WipedAtEnd() { ssh::wipe({reinterpret_cast<std::byte*>(text_.data()), text_.size()}); }

 private:
  std::string& text_;
};

// A coroutine that is cancelled between two operations throws Asio's exception at its next step.
template <class T>
Task<T> with_http_errors(Task<T> work, std::string_view doing) {
  try {
    co_return co_await std::move(work);
  } catch (const boost::system::system_error& error) {
    if (error.code() != asio::error::operation_aborted) throw;
    throw HttpError(Failure::cancelled, std::string(doing) + ": cancelled");
  }
}

bool may_repeat(const Request& request) {
  return request.idempotent || request.method == "GET" || request.method == "HEAD" ||
         request.method == "PUT" || request.method == "DELETE";
}

}  // namespace

struct Client::State {
  Endpoint endpoint;
  TlsContext tls;
  std::size_t body_limit = 0;
  std::string pool_key;

  // For the origins that answers redirect to: the same trust, without the client certificate.
  std::optional<TlsOptions> options{};
  mutable std::once_flag foreign_made{};
  mutable TlsContext foreign_tls{};

  [[nodiscard]] TlsContext foreign() const {
    std::call_once(foreign_made, [this] {
      TlsOptions without = options.value_or(TlsOptions{});
      without.certificate.clear();
      without.key.clear();
      foreign_tls = make_client_tls(without);
    });
    return foreign_tls;
  }
};

// One exchange on one connection, from the request's first byte to the answer's last.
class ResponseStream::Impl {
 public:
  Impl(std::shared_ptr<const Client::State> client, std::unique_ptr<Transport> transport)
      : client_(std::move(client)), transport_(std::move(transport)) {}

  Task<> start(const Request& request, bool bounded_body) {
    what_ = request.method + " " + request.target.substr(0, request.target.find('?'));
    transport_->expires_at(request.deadline);
    std::exception_ptr write_failure;
    try {
      std::string text = request_text(request, client_->endpoint);
      const WipedAtEnd wiped(text);
      co_await transport_->write(ssh::as_bytes(text));
      if (request.body.size() > limits::read_size) co_await transport_->write(ssh::as_bytes(request.body));
    } catch (const HttpError& error) {
      if (error.kind() != Failure::closed) throw;
      // A server may answer and hang up before it has read a large body: look for its answer first.
      write_failure = std::current_exception();
    }
    try {
      co_await read_header(request.method == "HEAD", bounded_body);
    } catch (const HttpError&) {
      if (write_failure) std::rethrow_exception(write_failure);
      throw;
    }
  }

  // Decoded bytes of the body; empty at its end.
  Task<std::string> read() {
    auto& body = parser_->get().body();
    while (body.empty() && !parser_->is_done()) co_await feed();
    co_return std::exchange(body, {});
  }

  Task<> read_all() {
    while (!parser_->is_done()) co_await feed();
    head_.body = std::move(parser_->get().body());
  }

  // Back to the pool when the connection can carry another request.
  void finish(const asio::any_io_executor& executor) {
    if (transport_ && parser_->is_done() && parser_->keep_alive() && buffer_.size() == 0)
      Pool::of(executor).give_back(client_->pool_key, std::move(transport_));
  }

  Stream take_stream() {
    return Stream(std::move(transport_),
                  {static_cast<const std::byte*>(buffer_.data().data()), buffer_.size()});
  }

  [[nodiscard]] Response& head() noexcept { return head_; }
  [[nodiscard]] bool answered() const noexcept { return received_anything_; }
  [[nodiscard]] bool body_done() const { return parser_->is_done(); }

 private:
  Task<> read_header(bool without_body, bool bounded_body) {
    do {
      parser_.emplace();
      parser_->header_limit(limits::header);
      if (bounded_body)
        parser_->body_limit(client_->body_limit);
      else
        parser_->body_limit(boost::none);
      parser_->skip(without_body);
      while (!parser_->is_header_done()) co_await feed();
    } while (parser_->get().result_int() / 100 == 1 && parser_->get().result_int() != 101);
    const auto& message = parser_->get();
    head_.status = message.result_int();
    head_.reason = std::string(message.reason());
    for (const auto& field : message)
      head_.headers.push_back({std::string(field.name_string()), std::string(field.value())});
    parser_->eager(true);
  }

  Task<> feed() {
    const auto error = co_await http::feed(*parser_, buffer_, *transport_);
    received_anything_ = received_anything_ || buffer_.size() > 0;
    if (error == beast::http::error::end_of_stream || error == beast::http::error::partial_message)
      throw HttpError(Failure::closed, what_ + " at " + client_->endpoint.name() +
                                           ": the connection was closed before the answer was complete");
    if (error) fail(error);
  }

  [[noreturn]] void fail(boost::system::error_code error) const {
    const bool too_big = error == beast::http::error::body_limit ||
                         error == beast::http::error::header_limit ||
                         error == beast::http::error::buffer_overflow;
    throw HttpError(too_big ? Failure::too_big : Failure::protocol,
                    what_ + " at " + client_->endpoint.name() + ": " +
                        (too_big ? "the answer is too big" : "not an HTTP answer (" + error.message() + ")"));
  }

  std::shared_ptr<const Client::State> client_;
  std::unique_ptr<Transport> transport_;
  beast::flat_buffer buffer_{limits::unparsed};
  std::optional<Parser> parser_;
  Response head_;
  std::string what_;  // for messages
  bool received_anything_ = false;
};

ResponseStream::ResponseStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;
ResponseStream& ResponseStream::operator=(ResponseStream&&) noexcept = default;
ResponseStream::~ResponseStream() = default;

const Response& ResponseStream::head() const noexcept {
  return impl_->head();
}

Task<std::string> ResponseStream::read() {
  auto piece = co_await impl_->read();
  if (piece.empty()) impl_->finish(co_await asio::this_coro::executor);
  co_return piece;
}

Client::Client(Endpoint endpoint, std::optional<TlsOptions> tls, std::size_t body_limit) {
  auto state = std::make_shared<State>();
  if (tls && endpoint.kind == Endpoint::Kind::tcp) endpoint.kind = Endpoint::Kind::tls;
  if (endpoint.kind == Endpoint::Kind::tls) state->tls = make_client_tls(tls.value_or(TlsOptions{}));
  state->endpoint = std::move(endpoint);
  state->options = std::move(tls);
  state->body_limit = body_limit;
  // Connections authenticated with one client certificate are never used for another.
  static std::atomic<std::uint64_t> identities = 0;
  state->pool_key = state->endpoint.name() + "#" + std::to_string(state->tls ? ++identities : 0);
  state_ = std::move(state);
}

const Endpoint& Client::endpoint() const noexcept {
  return state_->endpoint;
}

Task<std::unique_ptr<ResponseStream::Impl>> Client::exchange(StatePointer state, const Request& request,
                                                             bool bounded_body) {
  auto& pool = Pool::of(co_await asio::this_coro::executor);
  if (auto kept = pool.take(state->pool_key)) {
    auto exchange = std::make_unique<ResponseStream::Impl>(state, std::move(kept));
    try {
      co_await exchange->start(request, bounded_body);
      co_return exchange;
    } catch (const HttpError& error) {
      if (error.kind() != Failure::closed || exchange->answered() || !may_repeat(request)) throw;
    }
  }
  ConnectOptions options{state->endpoint, state->tls, request.deadline};
  auto transport = co_await connect(std::move(options));
  auto exchange = std::make_unique<ResponseStream::Impl>(state, std::move(transport));
  co_await exchange->start(request, bounded_body);
  co_return exchange;
}

// The same client for another place: its own server again, or one that it was sent to.
Client::StatePointer Client::towards(const State& home, const Endpoint& place) {
  auto state = std::make_shared<State>();
  Endpoint own = home.endpoint;
  own.path.clear();
  state->endpoint = place;
  state->body_limit = home.body_limit;
  const bool at_home = place == own;
  if (place.kind == Endpoint::Kind::tls) state->tls = at_home ? home.tls : home.foreign();
  state->pool_key = at_home ? home.pool_key : place.name() + " from " + home.pool_key;
  return state;
}

Task<Response> Client::send_following(Request request) const {
  const auto home = state_;
  auto state = home;
  unsigned redirects = request.redirects;
  Hop hop{Url{state->endpoint, state->endpoint.path + request.target}, std::move(request)};
  const WipedAtEnd wiped(hop.request.body);
  if (state->endpoint.kind != Endpoint::Kind::unix_socket) hop.url.endpoint.path.clear();
  for (;;) {
    auto exchange = co_await Client::exchange(state, hop.request, true);
    co_await exchange->read_all();
    exchange->finish(co_await asio::this_coro::executor);
    if (redirects == 0 || !follow(hop, exchange->head())) co_return std::move(exchange->head());
    --redirects;
    state = towards(*home, hop.url.endpoint);
  }
}

Task<Response> Client::send(Request request) const {
  co_return co_await with_http_errors(send_following(std::move(request)), state_->endpoint.name());
}

Task<ResponseStream> Client::open(Request request) const {
  auto begun = exchange(state_, request, false);
  co_return ResponseStream(co_await with_http_errors(std::move(begun), state_->endpoint.name()));
}

Task<Upgraded> Client::upgrade(Request request) const {
  request.headers.push_back({"Connection", "Upgrade"});
  request.headers.push_back({"Upgrade", "tcp"});
  auto begun = Client::exchange(state_, request, true);
  auto exchange = co_await with_http_errors(std::move(begun), state_->endpoint.name());
  Upgraded result;
  if (exchange->head().status == 101) {
    result.stream = exchange->take_stream();
  } else {
    co_await exchange->read_all();
  }
  result.head = std::move(exchange->head());
  co_return result;
}

}  // namespace fairlead::http
