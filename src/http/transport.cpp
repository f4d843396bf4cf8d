// SPDX-License-Identifier: Apache-2.0
// Connections over Beast's basic_stream, whose timer covers connecting, TLS handshakes, reads and writes
// alike.
#include "http/transport.hpp"

#include "http/listen.hpp"
#include "http/resolver.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/error.hpp>
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
  void cancel() override { lowest().cancel(); }

  Task<> handshake() override {
    if constexpr (std::is_same_v<Stream, TlsStream>) {
      auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::server, as_result);
      if (error) fail(name_, error, Failure::connect, "TLS handshake with");
    }
    co_return;
  }

  Task<> say_goodbye() override {
    if constexpr (std::is_same_v<Stream, TlsStream>)
      (void)co_await stream_.async_shutdown(as_result);
    else
      close_write();
    co_return;
  }

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

Task<std::vector<asio::generic::stream_protocol::endpoint>> addresses(const Endpoint& endpoint,
                                                                      TimePoint deadline) {
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
  const auto resolved = co_await Resolver::of_system().resolve(endpoint.host, endpoint.port, deadline);
  found.assign(resolved.begin(), resolved.end());
  co_return found;
}

// An address that swallows packets leaves time for those behind it.
TimePoint share_of(TimePoint deadline, std::size_t candidates) {
  if (deadline == TimePoint::max()) return deadline;
  const auto now = std::chrono::steady_clock::now();
  return now + (deadline - now) / static_cast<std::int64_t>(candidates);
}

Task<PlainStream> connect_socket(const Endpoint& endpoint, TimePoint deadline) {
  const auto candidates = co_await addresses(endpoint, deadline);
  const auto executor = co_await asio::this_coro::executor;
  ErrorCode last = asio::error::host_not_found;
  for (std::size_t left = candidates.size(); left > 0; --left) {
    PlainStream stream(executor);
    if (deadline != TimePoint::max()) stream.expires_at(share_of(deadline, left));
    auto [error] = co_await stream.async_connect(candidates[candidates.size() - left], as_result);
    if (!error) {
      ErrorCode ignored;
      if (endpoint.kind != Endpoint::Kind::unix_socket)
        stream.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
      if (deadline != TimePoint::max()) stream.expires_at(deadline);
      co_return stream;
    }
    last = error;
    if (last == asio::error::operation_aborted) break;
  }
  fail(endpoint.name(), last, Failure::connect, "connect");
}

}  // namespace

std::unique_ptr<Transport> make_accepted(asio::ip::tcp::socket socket, TlsContext tls) {
  ErrorCode gone;
  const auto peer = socket.remote_endpoint(gone);
  const std::string name = gone ? "a client" : to_text(peer);
  PlainStream stream{Socket(std::move(socket))};
  if (!tls) return std::make_unique<StreamTransport<PlainStream>>(std::move(stream), name);
  return std::make_unique<StreamTransport<TlsStream>>(TlsStream(std::move(stream), *tls), name);
}

Task<std::unique_ptr<Transport>> connect(ConnectOptions options) {
  auto socket = co_await connect_socket(options.endpoint, options.deadline);
  const auto name = options.endpoint.name();
  if (options.endpoint.kind != Endpoint::Kind::tls)
    co_return std::make_unique<StreamTransport<PlainStream>>(std::move(socket), name);

  TlsStream stream(std::move(socket), *options.tls);
  expect_host(stream.native_handle(), options.endpoint.host);
  auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, as_result);
  if (!error) co_return std::make_unique<StreamTransport<TlsStream>>(std::move(stream), name);
  const auto problem = certificate_problem(stream.native_handle());
  if (!problem.empty()) throw HttpError(Failure::connect, "TLS handshake with " + name + ": " + problem);
  fail(name, error, Failure::connect, "TLS handshake with");
}

}  // namespace fairlead::http
