// SPDX-License-Identifier: Apache-2.0
// An io_context that runs one test coroutine to its end, and connections over socket pairs and loopback TCP.
#pragma once

#include "ssh/connection_impl.hpp"

#include <fairlead/ssh/server.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <gtest/gtest.h>

#include <sys/socket.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <utility>
#include <vector>

namespace fairlead::ssh::test {

using StreamSocket = asio::generic::stream_protocol::socket;

// Declare it before everything that holds handles. What the test leaves running dies with the io_context, as
// in a daemon that is stopped; LeakSanitizer looks at what remains.
class Loop {
 public:
  // Fails the test when `task` throws or takes longer than `limit`.
  void run(Task<> task, std::chrono::seconds limit = std::chrono::seconds(20)) {
    bool done = false;
    std::exception_ptr failure;
    asio::co_spawn(io, std::move(task), [&](std::exception_ptr thrown) {
      done = true;
      failure = thrown;
      io.stop();
    });
    io.restart();
    io.run_for(limit);
    EXPECT_TRUE(done) << "the test did not come to its end";
    try {
      if (failure) std::rethrow_exception(failure);
    } catch (const std::exception& thrown) {
      ADD_FAILURE() << "thrown: " << thrown.what();
    }
  }

  // The same for a lambda, which lives as long as its coroutine runs.
  void run(std::invocable auto test, std::chrono::seconds limit = std::chrono::seconds(20)) {
    run(test(), limit);
  }

  asio::io_context io{1};
};

// Lets everything run that is ready, some rounds long: no clock in it.
inline Task<> settle() {
  const auto executor = co_await asio::this_coro::executor;
  for (int round = 0; round < 200; ++round) co_await asio::post(executor, asio::use_awaitable);
}

inline std::pair<StreamSocket, StreamSocket> socket_pair(asio::io_context& io) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw std::runtime_error("socketpair");
  const asio::generic::stream_protocol protocol(AF_UNIX, 0);
  return {StreamSocket(io, protocol, ends[0]), StreamSocket(io, protocol, ends[1])};
}

inline AcceptedConnection link_with(EngineConfig config, StreamSocket socket) {
  config.role = Role::link;
  const auto shared = std::make_shared<const EngineConfig>(std::move(config));
  const auto connection = std::make_shared<ConnectionImpl>(std::move(socket), shared);
  AcceptedConnection handles = connection->handles();
  connection->run();
  return handles;
}

// x/crypto's trick against deadlocks: whatever waits, only one of it may, and a socket holds next to nothing.
// The program runs its tests of links a second time so (CMakeLists.txt).
inline bool tight() {
  return std::getenv("FAIRLEAD_TEST_TIGHT") != nullptr;
}
inline AcceptedConnection tight_link(StreamSocket socket) {
  const asio::socket_base::send_buffer_size smallest(1);
  socket.set_option(smallest);
  EngineConfig config;
  config.undecided_channels = config.unanswered_requests = 1;
  return link_with(config, std::move(socket));
}

// Two ends of a plain link.
struct LinkPair {
  explicit LinkPair(asio::io_context& io) : LinkPair(socket_pair(io)) {}
  explicit LinkPair(std::pair<StreamSocket, StreamSocket> sockets)
      : a(make(std::move(sockets.first))), b(make(std::move(sockets.second))) {}
  static AcceptedConnection make(StreamSocket socket) {
    return tight() ? tight_link(std::move(socket)) : link(std::move(socket));
  }
  AcceptedConnection a, b;
};

// What most tests of links are: one coroutine between two ends.
class LinkTest : public testing::Test {
 protected:
  void run(std::invocable auto test) { loop.run(std::move(test)); }
  Loop loop;
  LinkPair pair{loop.io};
};
// Ends that the test makes itself of two sockets.
class LinkSocket : public testing::Test {
 protected:
  Loop loop;
  std::pair<StreamSocket, StreamSocket> sockets{socket_pair(loop.io)};
};

// Two ends of one channel, opened by `a`.
struct ChannelPair {
  OpenedChannel a, b;
};
inline Task<OpenedChannel> accept_next(AcceptedConnection& connection) {
  auto channel = co_await connection.channels.next();
  if (!channel) throw std::runtime_error("no channel came");
  co_return std::move(*channel).accept();
}
inline Task<ChannelPair> open_pair(AcceptedConnection& a, AcceptedConnection& b) {
  TaskScope scope(co_await asio::this_coro::executor);
  std::optional<OpenedChannel> opened;
  auto open = [&]() -> Task<> {
    auto result = co_await a.connection.open_channel("session");
    if (result) opened.emplace(std::move(*result));
  };
  scope.spawn(open());
  OpenedChannel accepted = co_await accept_next(b);
  co_await scope.join();
  if (!opened) throw std::runtime_error("the channel was refused");
  co_return ChannelPair{std::move(*opened), std::move(accepted)};
}

inline std::vector<std::byte> pattern(std::size_t size, std::uint32_t seed = 1) {
  std::vector<std::byte> bytes(size);
  std::uint32_t state = seed;
  for (auto& byte : bytes) {
    state = state * 1664525u + 1013904223u;
    byte = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

inline Task<> send_all(Channel channel, std::vector<std::byte> data) {
  co_await channel.write(data);
  channel.close_write();
}
inline Task<std::vector<std::byte>> read_all(Channel channel) {
  std::vector<std::byte> all, buffer(std::size_t{32} * 1024);
  while (const std::size_t size = co_await channel.read_some(buffer))
    all.insert(all.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  co_return all;
}
inline Task<std::string> read_text(Channel channel) {
  const auto all = co_await read_all(channel);
  co_return to_string(all);
}

}  // namespace fairlead::ssh::test
