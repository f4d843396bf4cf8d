// SPDX-License-Identifier: Apache-2.0
// Accepting connections and spreading them over the cores.
#include "daemon/listener.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include <charconv>
#include <optional>
#include <utility>

namespace fairlead::daemon {
namespace {

using asio::ip::tcp;
using ssh::Task;

// When no descriptor is free, accepting again at once would only spin.
constexpr std::chrono::milliseconds accept_pause{100};
// Whoever knocks a thousand times a second must not fill the log.
constexpr std::chrono::seconds between_refusals_told{1};

std::optional<tcp::endpoint> parse_endpoint(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return std::nullopt;
  std::string host = text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  if (host.empty()) return tcp::endpoint(tcp::v6(), port);
  if (host == "localhost") host = "127.0.0.1";
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return std::nullopt;
  return tcp::endpoint(address, port);
}

}  // namespace

std::expected<std::unique_ptr<Listener>, std::string> Listener::open(const std::string& address, Cores& cores,
                                                                     LoginServices& services,
                                                                     CurrentSettings settings) {
  const auto endpoint = parse_endpoint(address);
  if (!endpoint) return std::unexpected("ssh.listen: '" + address + "' is not ADDRESS:PORT");
  tcp::acceptor acceptor(cores.first().io);
  boost::system::error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // ":2222" means every address of both families.
  if (!error && endpoint->address() == asio::ip::address_v6::any())
    acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    const char* hint =
        error == asio::error::address_in_use ? "; another program listens there, choose another port" : "";
    return std::unexpected("cannot listen on " + address + ": " + error.message() + hint);
  }
  return std::unique_ptr<Listener>(new Listener(std::move(acceptor), cores, services, std::move(settings)));
}

Listener::Listener(tcp::acceptor acceptor, Cores& cores, LoginServices& services, CurrentSettings settings)
    : acceptor_(std::move(acceptor)), cores_(cores), services_(services), settings_(std::move(settings)) {}

std::expected<Sources::Visit, const char*> Listener::admit(const tcp::socket& socket) {
  const auto settings = settings_();
  if (cores_.load() >= settings->config->ssh.max_connections)
    return std::unexpected("ssh.maxConnections is reached");
  boost::system::error_code gone;
  const tcp::endpoint client = socket.remote_endpoint(gone);
  if (gone) return std::unexpected("the client has gone");
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
      tell_refused(visit.error());
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
  const tcp::endpoint endpoint = acceptor_.local_endpoint(ignored);
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace fairlead::daemon
