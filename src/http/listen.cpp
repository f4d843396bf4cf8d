// SPDX-License-Identifier: Apache-2.0
// Bind and listen.
#include "http/listen.hpp"

#include <boost/asio/ip/v6_only.hpp>

#include <charconv>
#include <optional>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

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

std::expected<tcp::acceptor, std::string> listen_on(const asio::any_io_executor& executor,
                                                    const std::string& address) {
  const auto endpoint = parse_endpoint(address);
  if (!endpoint) return std::unexpected("'" + address + "' is not ADDRESS:PORT");
  tcp::acceptor acceptor(executor);
  boost::system::error_code error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  // ":2222" means every address of both families.
  if (!error && endpoint->address() == asio::ip::address_v6::any())
    acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) return acceptor;
  const char* hint =
      error == asio::error::address_in_use ? "; another program listens there, choose another port" : "";
  return std::unexpected("cannot listen on " + address + ": " + error.message() + hint);
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(endpoint.port());
}

}  // namespace fairlead::http
