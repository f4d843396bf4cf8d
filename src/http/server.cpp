// SPDX-License-Identifier: Apache-2.0
// Accepting connections, and which of them must go when there are too many.
#include "http/server.hpp"

#include "http/error.hpp"
#include "http/listen.hpp"
#include "http/server_session.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <list>
#include <utility>

namespace fairlead::http {

namespace asio = boost::asio;
using asio::ip::tcp;

Response text_answer(unsigned status, std::string text) {
  return {
      .status = status, .headers = {{"Content-Type", "text/plain; charset=utf-8"}}, .body = std::move(text)};
}

Response json_answer(unsigned status, std::string json) {
  return {.status = status, .headers = {{"Content-Type", "application/json"}}, .body = std::move(json)};
}

struct Server::State : std::enable_shared_from_this<State> {
  State(tcp::acceptor a, ServerOptions o, Handler h)
      : acceptor(std::move(a)),
        options(std::make_shared<const ServerOptions>(std::move(o))),
        handler(std::move(h)),
        scope(acceptor.get_executor()) {}

  Task<> accept_all();
  void admit(tcp::socket socket);
  static Task<> serve(std::shared_ptr<State> state, std::shared_ptr<ServerSession> session);

  tcp::acceptor acceptor;
  std::shared_ptr<const ServerOptions> options;
  Handler handler;
  TlsContext tls{};
  std::list<std::shared_ptr<ServerSession>> sessions{};  // the oldest first
  ssh::TaskScope scope;
};

namespace {

tcp::acceptor open_acceptor(const asio::any_io_executor& executor, const std::string& address) {
  auto acceptor = listen_on(executor, address);
  if (!acceptor) throw HttpError(Failure::endpoint, acceptor.error());
  return std::move(*acceptor);
}

// Nothing without options: connections are plain.
TlsContext make_tls(const std::optional<TlsOptions>& options) {
  return options ? make_server_tls(*options) : TlsContext{};
}

bool is_shortage(boost::system::error_code error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space;
}

}  // namespace

Server::Server(const asio::any_io_executor& executor, ServerOptions options, Handler handler) {
  TlsContext tls = make_tls(options.tls);
  auto acceptor = open_acceptor(executor, options.listen);
  state_ = std::make_shared<State>(std::move(acceptor), std::move(options), std::move(handler));
  state_->tls = std::move(tls);
}

Server::~Server() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  for (const auto& session : state_->sessions) session->close();
  state_->scope.cancel();
}

Task<> Server::run() {
  const auto state = state_;
  co_await state->accept_all();
  co_await state->scope.join();
}

void Server::replace_tls(const std::optional<TlsOptions>& tls) {
  state_->tls = make_tls(tls);
}

void Server::stop() {
  boost::system::error_code ignored;
  state_->acceptor.close(ignored);
  for (const auto& session : state_->sessions) session->finish();
}

std::string Server::local_address() const {
  boost::system::error_code ignored;
  return to_text(state_->acceptor.local_endpoint(ignored));
}

Task<> Server::State::accept_all() {
  asio::steady_timer pause(acceptor.get_executor());
  while (acceptor.is_open()) {
    auto accepted = co_await acceptor.async_accept(asio::as_tuple(asio::use_awaitable));
    auto& [error, socket] = accepted;
    if (!acceptor.is_open()) co_return;
    if (is_shortage(error)) {
      if (options->report) options->report("no connection can be accepted now: " + error.message());
      pause.expires_after(limits::server::accept_pause);
      co_await pause.async_wait(asio::use_awaitable);
    }
    if (!error) admit(std::move(socket));
  }
}

void Server::State::admit(tcp::socket socket) {
  if (sessions.size() >= options->limits.connections) {
    const auto oldest = std::ranges::find_if(sessions, [](const auto& s) { return !s->answering(); });
    if (oldest == sessions.end()) return;
    (*oldest)->close();
    sessions.erase(oldest);
  }
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  auto session = std::make_shared<ServerSession>(make_accepted(std::move(socket), tls), options, handler,
                                                 acceptor.get_executor());
  sessions.push_back(session);
  scope.spawn(serve(shared_from_this(), std::move(session)));
}

Task<> Server::State::serve(std::shared_ptr<State> state, std::shared_ptr<ServerSession> session) {
  co_await session->run();
  std::erase(state->sessions, session);
}

}  // namespace fairlead::http
