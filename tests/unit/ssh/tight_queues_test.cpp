// SPDX-License-Identifier: Apache-2.0
// Connections with room for one of everything: one request, one undecided channel, a window of one byte, one
// byte at a time on the way. Whoever waits for somebody who waits for him shows here.
#include "unit/ssh/login_pair.hpp"

#include <array>

namespace fairlead::ssh::test {
namespace {

EngineConfig smallest(std::uint32_t window) {
  EngineConfig config;
  config.undecided_channels = config.unanswered_requests = 1;
  config.window = window;
  config.max_packet = 1;
  return config;
}

struct TightPair {
  TightPair(asio::io_context& io, std::uint32_t window) : TightPair(socket_pair(io), window) {}
  TightPair(std::pair<StreamSocket, StreamSocket> sockets, std::uint32_t window)
      : a(link_with(smallest(window), std::move(sockets.first))),
        b(link_with(smallest(window), std::move(sockets.second))) {}
  AcceptedConnection a, b;
};

Task<> send_and_finish(Channel channel, const std::vector<std::byte>& data) {
  co_await channel.write(data);
  channel.close_write();
}

Task<std::vector<std::byte>> read_exactly(Channel channel, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (MutableBytes rest = bytes; !rest.empty();) {
    const std::size_t got = co_await channel.read_some(rest);
    if (got == 0) break;
    rest = rest.subspan(got);
  }
  co_return bytes;
}

// Yes to every second one.
Task<> answer_all(Stream<Request>& requests, int& seen) {
  while (auto request = co_await requests.next()) {
    co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    request->reply(++seen % 2 == 0);
  }
}

TEST(TightQueues, AWindowOfOneByteCarriesDataBothWays) {
  for (const std::uint32_t window : {1U, 2U, 3U, 7U}) {
    Loop loop;
    TightPair pair(loop.io, window);
    loop.run([&]() -> Task<> {
      auto channels = co_await open_pair(pair.a, pair.b);
      const auto up = pattern(3000, 1), down = pattern(3000, 2);
      TaskScope scope(co_await asio::this_coro::executor);
      scope.spawn(send_and_finish(channels.a.channel, up));
      scope.spawn(send_and_finish(channels.b.channel, down));
      std::vector<std::byte> up_seen;
      auto receive = [&]() -> Task<> { up_seen = co_await read_all(channels.b.channel); };
      scope.spawn(receive());
      EXPECT_TRUE(co_await read_all(channels.a.channel) == down);
      co_await scope.join();
      EXPECT_TRUE(up_seen == up);
    });
  }
}

TEST(TightQueues, BothSidesAskAtOnceAndEverybodyIsAnswered) {
  Loop loop;
  TightPair pair(loop.io, 1);
  loop.run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    constexpr int count = 40;
    int answered = 0, agreed = 0;
    std::array<int, 4> seen{};
    auto ask = [&](Channel channel) -> Task<> {
      agreed += co_await channel.request("question") ? 1 : 0;
      ++answered;
    };
    auto ask_all = [&](Connection connection) -> Task<> {
      const auto reply = co_await connection.request("question");
      agreed += reply.success ? 1 : 0;
      ++answered;
    };
    TaskScope asking(co_await asio::this_coro::executor), serving(co_await asio::this_coro::executor);
    serving.spawn(answer_all(channels.a.requests, seen[0]));
    serving.spawn(answer_all(channels.b.requests, seen[1]));
    serving.spawn(answer_all(pair.a.requests, seen[2]));
    serving.spawn(answer_all(pair.b.requests, seen[3]));
    const auto data = pattern(500);
    serving.spawn(send_and_finish(channels.a.channel, data));
    for (int i = 0; i < count; ++i) {
      asking.spawn(ask(channels.a.channel));
      asking.spawn(ask(channels.b.channel));
      asking.spawn(ask_all(pair.a.connection));
      asking.spawn(ask_all(pair.b.connection));
    }
    EXPECT_TRUE(co_await read_all(channels.b.channel) == data);
    co_await asking.join();
    EXPECT_EQ(answered, 4 * count);
    for (const int each : seen) EXPECT_GE(each, 1);
    EXPECT_LE(agreed, seen[0] + seen[1] + seen[2] + seen[3]);
    EXPECT_TRUE(pair.a.connection.is_open());
    channels.a.channel.close();
    pair.a.connection.close({Errc::connection_closed});
    co_await serving.join();
  });
}

TEST(TightQueues, OpensFromBothSidesAreAllDecided) {
  Loop loop;
  TightPair pair(loop.io, 1);
  loop.run([&]() -> Task<> {
    int confirmed = 0, refused = 0, accepted = 0;
    auto open = [&](Connection connection) -> Task<> {
      const auto opened = co_await connection.open_channel("session");
      ++(opened ? confirmed : refused);
    };
    auto serve = [&](Stream<NewChannel>& channels) -> Task<> {
      while (auto wish = co_await channels.next()) {
        co_await asio::post(loop.io, asio::use_awaitable);
        auto opened = std::move(*wish).accept();
        ++accepted;
        co_await opened.channel.closed();
      }
    };
    TaskScope opening(co_await asio::this_coro::executor), serving(co_await asio::this_coro::executor);
    serving.spawn(serve(pair.a.channels));
    serving.spawn(serve(pair.b.channels));
    for (int i = 0; i < 30; ++i) {
      opening.spawn(open(pair.a.connection));
      opening.spawn(open(pair.b.connection));
    }
    co_await opening.join();
    EXPECT_EQ(confirmed + refused, 60);
    EXPECT_EQ(confirmed, accepted);
    EXPECT_GE(confirmed, 2);
    EXPECT_TRUE(pair.a.connection.is_open());
    pair.a.connection.close({Errc::connection_closed});
    co_await serving.join();
  });
}

// One byte at a time from one socket to the other, until either ends.
Task<> drip(std::shared_ptr<asio::ip::tcp::socket> from, std::shared_ptr<asio::ip::tcp::socket> to) {
  std::byte byte{};
  try {
    for (;;) {
      (void)co_await from->async_read_some(asio::buffer(&byte, 1), asio::use_awaitable);
      (void)co_await to->async_write_some(asio::buffer(&byte, 1), asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
    boost::system::error_code ignored;
    to->shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  }
}

TEST(TightQueues, ALoginAndASessionByteByByte) {
  Loop loop;
  LoginPair pair;
  pair.server->rekey_bytes = 4000;  // new keys on the way, too
  LoginOutcome outcome;
  loop.run([&]() -> Task<> {
    auto [server, server_side] = tcp_pair(loop.io);
    auto [client_side, client] = tcp_pair(loop.io);
    const auto to_server = std::make_shared<asio::ip::tcp::socket>(std::move(server_side));
    const auto to_client = std::make_shared<asio::ip::tcp::socket>(std::move(client_side));
    TaskScope way(co_await asio::this_coro::executor), login(co_await asio::this_coro::executor);
    way.spawn(drip(to_client, to_server));
    way.spawn(drip(to_server, to_client));
    login.spawn(LoginPair::serve(std::move(server), pair.server, outcome));
    login.spawn(LoginPair::log_in(std::move(client), pair.client, outcome));
    co_await login.join();
    EXPECT_TRUE(outcome.client && outcome.server);
    if (!outcome.client || !outcome.server) co_return;
    auto channels = co_await open_pair(*outcome.client, *outcome.server);
    for (std::uint32_t round = 0; round < 8; ++round) {
      // To and fro: what is on its way already comes before any KEXINIT.
      Channel& from = round % 2 == 0 ? channels.a.channel : channels.b.channel;
      Channel& to = round % 2 == 0 ? channels.b.channel : channels.a.channel;
      const auto data = pattern(5000, round);
      co_await from.write(data);
      EXPECT_TRUE(co_await read_exactly(to, data.size()) == data);
    }
    outcome.client->connection.disconnect(DisconnectReason::by_application, "done");
    EXPECT_EQ((co_await outcome.server->connection.closed()).code, Errc::disconnected_by_peer);
    co_await way.join();
  });
  EXPECT_GE(
      std::ranges::count_if(*pair.events, [](const auto& event) { return event.starts_with("rekeyed"); }), 2);
}

}  // namespace
}  // namespace fairlead::ssh::test
