// SPDX-License-Identifier: Apache-2.0
// Connections over Beast's basic_stream, whose timer covers connecting, TLS handshakes, reads and writes
// alike.
#include "http/transport.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <sys/socket.h>

#include <cerrno>
#include <vector>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Socket = asio::generic::stream_protocol::socket;
using PlainStream = beast::basic_stream<asio::generic::stream_protocol>;
using TlsStream = beast::ssl_stream<PlainStream>;
using ErrorCode = boost::system::error_code;

// Awaited results as tuples: errors are looked at, not thrown.
constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

[[noreturn]] void fail(const std::string& name, ErrorCode error, Failure otherwise, const char* doing) {
  if (error == beast::error::timeout)
    throw HttpError(Failure::timeout, std::string(doing) + " " + name + ": no answer within the time limit");
  if (error == asio::error::operation_aborted)
    throw HttpError(Failure::cancelled, std::string(doing) + " " + name + ": cancelled");
  throw HttpError(otherwise, std::string(doing) + " " + name + ": " + error.message());
}

bool is_end(ErrorCode error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

template <class Stream>
class StreamTransport final : public Transport {
 public:
  StreamTransport(Stream stream, std::string name) : stream_(std::move(stream)), name_(std::move(name)) {}

  void expires_at(TimePoint deadline) override {
    if (deadline == TimePoint::max())
      lowest().expires_never();
    else
      lowest().expires_at(deadline);
  }

  Task<std::size_t> read_some(ssh::MutableBytes buffer) override {
    auto [error, size] =
        co_await stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()), as_result);
    if (is_end(error)) co_return 0;
    if (error) fail(name_, error, Failure::closed, "read from");
    co_return size;
  }

  Task<> write(ssh::Bytes data) override {
    auto [error, size] =
        co_await asio::async_write(stream_, asio::buffer(data.data(), data.size()), as_result);
    if (error) fail(name_, error, Failure::closed, "write to");
  }

  void close_write() override {
    ErrorCode ignored;
    if constexpr (std::is_same_v<Stream, PlainStream>)
      stream_.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  }

  void close() override { lowest().close(); }

  bool is_quiet() override {
    std::byte byte{};
    const auto got = ::recv(lowest().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

 private:
  PlainStream& lowest() { return beast::get_lowest_layer(stream_); }

  Stream stream_;
  std::string name_;
};

Task<std::vector<asio::generic::stream_protocol::endpoint>> addresses(const Endpoint& endpoint) {
  std::vector<asio::generic::stream_protocol::endpoint> found;
  if (endpoint.kind == Endpoint::Kind::unix_socket) {
    if (endpoint.path.size() >= sizeof(sockaddr_un::sun_path))
      throw HttpError(Failure::endpoint, "connect " + endpoint.path + ": path too long for a Unix socket");
    found.emplace_back(asio::local::stream_protocol::endpoint(endpoint.path));
    co_return found;
  }
  ErrorCode not_numeric;
  const auto address = asio::ip::make_address(endpoint.host, not_numeric);
  if (!not_numeric) {
    found.emplace_back(asio::ip::tcp::endpoint(address, endpoint.port));
    co_return found;
  }
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  auto [error, results] =
      co_await resolver.async_resolve(endpoint.host, std::to_string(endpoint.port), as_result);
  if (error) fail(endpoint.name(), error, Failure::connect, "connect");
  for (const auto& result : results) found.emplace_back(result.endpoint());
  co_return found;
}

Task<PlainStream> connect_socket(const Endpoint& endpoint, TimePoint deadline) {
  const auto candidates = co_await addresses(endpoint);
  const auto executor = co_await asio::this_coro::executor;
  ErrorCode last = asio::error::host_not_found;
  for (const auto& candidate : candidates) {
    PlainStream stream(executor);
    if (deadline != TimePoint::max()) stream.expires_at(deadline);
    auto [error] = co_await stream.async_connect(candidate, as_result);
    if (!error) {
      ErrorCode ignored;
      if (endpoint.kind != Endpoint::Kind::unix_socket)
        stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      co_return stream;
    }
    last = error;
    if (last == beast::error::timeout || last == asio::error::operation_aborted) break;
  }
  fail(endpoint.name(), last, Failure::connect, "connect");
}

}  // namespace

Task<std::unique_ptr<Transport>> connect(ConnectOptions options) {
  auto socket = co_await connect_socket(options.endpoint, options.deadline);
  const auto name = options.endpoint.name();
  if (options.endpoint.kind != Endpoint::Kind::tls)
    co_return std::make_unique<StreamTransport<PlainStream>>(std::move(socket), name);

  TlsStream stream(std::move(socket), *options.tls);
  const auto& host = options.endpoint.host;
  stream.set_verify_callback(asio::ssl::host_name_verification(host));
  ErrorCode not_numeric;
  (void)asio::ip::make_address(host, not_numeric);
  // RFC 6066 section 3: names only, never addresses.
  if (not_numeric) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
  if (error) fail(name, error, Failure::connect, "TLS handshake with");
  co_return std::make_unique<StreamTransport<TlsStream>>(std::move(stream), name);
}

}  // namespace fairlead::http
