// SPDX-License-Identifier: Apache-2.0
// One end of a loopback TCP connection that sends any message after the key exchange: to accept() or to
// connect().
#pragma once

#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"
#include "support/ssh_peers.hpp"
#include "unit/ssh/login_pair.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <functional>
#include <utility>
#include <vector>

namespace fairlead::ssh::test {

// Sends what the test says to a real accept(), or with a host key to a real connect().
class RawEnd {
 public:
  explicit RawEnd(asio::ip::tcp::socket socket) : socket_(std::move(socket)), peer_(client_config()) {}
  RawEnd(asio::ip::tcp::socket socket, const PrivateKey& host_key)
      : socket_(std::move(socket)), peer_(server_for(host_key)) {
    peer_.host_keys = {host_key};
  }

  // Until `count` messages of number 50 and up have come, or the end.
  Task<> receive(std::size_t count) {
    std::array<std::byte, 4096> buffer;
    boost::system::error_code end;
    for (;;) {
      const auto bytes = peer_.take_output();
      co_await asio::async_write(socket_, asio::buffer(bytes),
                                 asio::redirect_error(asio::use_awaitable, end));
      if (end || peer_.error() || peer_.messages().size() >= count) co_return;
      const std::size_t size = co_await socket_.async_read_some(
          asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, end));
      if (end) co_return;
      peer_.receive(Bytes(buffer).first(size));
    }
  }
  // The keys, once.
  Task<> begin() {
    std::array<std::byte, 4096> buffer;
    while (!peer_.told("KeysReady first") && !peer_.error()) {
      const auto bytes = peer_.take_output();
      co_await asio::async_write(socket_, asio::buffer(bytes), asio::use_awaitable);
      const std::size_t size = co_await socket_.async_read_some(asio::buffer(buffer), asio::use_awaitable);
      peer_.receive(Bytes(buffer).first(size));
    }
  }
  void send(const Payload& payload) { peer_.transport().send(payload); }
  [[nodiscard]] Bytes session_id() { return peer_.transport().session_id(); }
  [[nodiscard]] std::vector<int> numbers() const { return peer_.numbers(); }
  [[nodiscard]] const std::vector<std::vector<std::byte>>& messages() { return peer_.messages(); }

 private:
  static EngineConfig server_for(const PrivateKey& host_key) {
    EngineConfig config = server_config({});
    config.host_keys = {host_key.public_key()};
    return config;
  }

  asio::ip::tcp::socket socket_;
  TransportPeer peer_;
};

// A server that serves one client, which plays `script` once it has keys and then hangs up.
inline void serve_raw(Loop& loop, const LoginPair& pair, LoginOutcome& outcome,
                      const std::function<Task<>(RawEnd&)>& script) {
  auto sockets = tcp_pair(loop.io);
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(LoginPair::serve(std::move(sockets.first), pair.server, outcome));
    {
      RawEnd client(std::move(sockets.second));
      co_await client.begin();
      co_await script(client);
    }
    co_await scope.join();
  });
}

}  // namespace fairlead::ssh::test
