// SPDX-License-Identifier: Apache-2.0
// Accepting connections and spreading them over the cores.
#include "daemon/listener.hpp"

#include "http/listen.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>

#include <sys/socket.h>

#include <utility>

namespace fairlead::daemon {
namespace {

using asio::ip::tcp;
using ssh::Task;

// When no descriptor is free, accepting again at once would only spin.
constexpr std::chrono::milliseconds accept_pause{100};
// Whoever knocks a thousand times a second must not fill the log.
constexpr std::chrono::seconds between_refusals_told{1};
// A socket that is closed while its client still speaks takes back what the client has not read. So some stay
// open for a moment; of a flood the others are closed at once.
constexpr std::chrono::seconds leaving_time{1};
constexpr std::size_t most_leaving = 32;

}  // namespace

std::expected<std::unique_ptr<Listener>, std::string> Listener::open(const std::string& address, Cores& cores,
                                                                     LoginServices& services,
                                                                     CurrentSettings settings) {
  auto acceptor = http::listen_on(cores.first().io.get_executor(), address);
  if (!acceptor) return std::unexpected("ssh.listen: " + acceptor.error());
  return std::unique_ptr<Listener>(new Listener(std::move(*acceptor), cores, services, std::move(settings)));
}

Listener::Listener(tcp::acceptor acceptor, Cores& cores, LoginServices& services, CurrentSettings settings)
    : acceptor_(std::move(acceptor)), cores_(cores), services_(services), settings_(std::move(settings)) {}

std::expected<Sources::Visit, Turned> Listener::admit(const tcp::socket& socket) {
  const auto settings = settings_();
  if (cores_.load() >= settings->config->ssh.max_connections)
    return std::unexpected(Turned{.why = "ssh.maxConnections is reached", .no_room = true});
  boost::system::error_code gone;
  const tcp::endpoint client = socket.remote_endpoint(gone);
  if (gone) return std::unexpected(Turned{"the client has gone"});
  return services_.sources.admit(client.address().to_string(), settings->sources, Sources::Clock::now(),
                                 std::uniform_int_distribution<unsigned>(0, 99)(dice_));
}

void Listener::tell_refused(const char* why) {
  const auto now = Sources::Clock::now();
  if (now - last_told_ < between_refusals_told) {
    ++untold_;
    return;
  }
  last_told_ = now;
  services_.log.warning("SSH_CONNECTION_REFUSED", "A connection was closed at once",
                        {{"reason", why}, {"notTold", static_cast<std::int64_t>(std::exchange(untold_, 0))}});
}

void Listener::say_no_room(tcp::socket socket) {
  const auto settings = settings_();
  const auto words =
      ssh::refusal(settings->server.identification, ssh::DisconnectReason::too_many_connections,
                   "Too many connections, please try again later.");
  if (::send(socket.native_handle(), words.data(), words.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) return;
  (void)::shutdown(socket.native_handle(), SHUT_WR);
  if (*leaving_ >= most_leaving) return;
  auto timer = std::make_unique<asio::steady_timer>(acceptor_.get_executor(), leaving_time);
  asio::steady_timer& waiting = *timer;
  ++*leaving_;
  waiting.async_wait([timer = std::move(timer), socket = std::move(socket),
                      leaving = leaving_](boost::system::error_code) { --*leaving; });
}

void Listener::hand_over(Core& core, Arrival arrival) {
  // The load counts from here, so that a burst of connections spreads.
  ++core.load;
  asio::post(core.io, [this, &core, arrival = std::move(arrival)]() mutable {
    core.logins.spawn(serve_login(core, std::move(arrival), services_, settings_()));
    --core.load;
  });
}

Task<> Listener::run() {
  asio::steady_timer pause(acceptor_.get_executor());
  while (acceptor_.is_open()) {
    Core& core = cores_.least_loaded();
    auto accepted = co_await acceptor_.async_accept(core.io, asio::as_tuple(asio::use_awaitable));
    auto& [error, accepted_socket] = accepted;
    if (!acceptor_.is_open()) co_return;
    if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
        error == asio::error::no_buffer_space) {
      services_.log.error("SSH_ACCEPT_FAILED", "No connection can be accepted now",
                          {{"reason", error.message()}});
      pause.expires_after(accept_pause);
      co_await pause.async_wait(asio::use_awaitable);
    }
    if (error) continue;
    tcp::socket socket(std::move(accepted_socket));
    auto visit = admit(socket);
    if (!visit) {
      tell_refused(visit.error().why);
      if (visit.error().no_room) say_no_room(std::move(socket));
      continue;
    }
    hand_over(core, {std::move(socket), std::move(*visit)});
  }
}

void Listener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
}

std::string Listener::local_address() const {
  boost::system::error_code ignored;
  return http::to_text(acceptor_.local_endpoint(ignored));
}

}  // namespace fairlead::daemon
