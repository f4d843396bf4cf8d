// SPDX-License-Identifier: Apache-2.0
// Established encrypted connections: channels, new keys under load, keepalives, DISCONNECT.
#include "base/wire.hpp"
#include "unit/ssh/login_pair.hpp"

#include <algorithm>
#include <thread>

namespace fairlead::ssh::test {
namespace {

using namespace std::chrono_literals;

using SecureConnection = LoginTest;

TEST_F(SecureConnection, ExecutesLikeASession) {
  auto serve = [&]() -> Task<> {
    auto session = co_await accept_next(*outcome.server);
    auto request = co_await session.requests.next();
    const auto exec = request->parse<ExecRequest>();
    request->reply(true);
    co_await session.channel.write(as_bytes(exec->command));
    const auto note = as_bytes("a note");
    co_await session.channel.write_stderr(note);
    session.channel.close_write();
    session.channel.send_exit_status(3);
    session.channel.close();
  };
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(serve());
    auto session = co_await outcome.client->connection.open_channel("session");
    const ExecRequest exec{"echo hi"};
    EXPECT_TRUE(co_await session->channel.request("exec", exec.encode()));
    std::vector<std::byte> buffer(100);
    Chunk chunk = co_await session->channel.read_chunk(buffer);
    EXPECT_EQ(as_text(Bytes(buffer).first(chunk.size)), "echo hi");
    chunk = co_await session->channel.read_chunk(buffer);
    EXPECT_EQ(as_text(Bytes(buffer).first(chunk.size)), "a note");
    EXPECT_EQ(chunk.type, StreamType::stderr_);
    EXPECT_EQ((co_await session->channel.read_chunk(buffer)).size, 0u);
    auto status = co_await session->requests.next();
    EXPECT_EQ(status->parse<ExitStatusRequest>()->status, 3u);
    co_await session->channel.closed();
    co_await scope.join();
  });
}

// Asked for by the server, or by the client.
class NewKeys : public LoginTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(BothRoles, NewKeys, testing::Bool());

TEST_P(NewKeys, UnderLoadLoseNothing) {
  (GetParam() ? pair.server->rekey_bytes : pair.client->rekey_bytes) = std::uint64_t{1} << 20;
  loop.run(
      [&]() -> Task<> {
        co_await pair.run(outcome);
        auto channels = co_await open_pair(*outcome.client, *outcome.server);
        const auto up = pattern(std::size_t{16} * 1024 * 1024, 1), down = pattern(up.size(), 2);
        std::vector<std::byte> up_seen;
        TaskScope scope(co_await asio::this_coro::executor);
        scope.spawn(send_all(channels.a.channel, up));
        scope.spawn(send_all(channels.b.channel, down));
        auto receive_up = [&]() -> Task<> { up_seen = co_await read_all(channels.b.channel); };
        scope.spawn(receive_up());
        const auto down_seen = co_await read_all(channels.a.channel);
        co_await scope.join();
        EXPECT_TRUE(up_seen == up);
        EXPECT_TRUE(down_seen == down);
      },
      60s);
  const auto rekeys = std::count_if(pair.events->begin(), pair.events->end(),
                                    [](const std::string& event) { return event.starts_with("rekeyed"); });
  EXPECT_GE(rekeys, 8);
}

class EveryCipher : public LoginTest, public testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Known, EveryCipher,
                         testing::Values("aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
                                         "chacha20-poly1305@openssh.com", "aes128-ctr", "aes256-ctr"));

TEST_P(EveryCipher, CarriesData) {
  pair.client->ciphers = {GetParam()};
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    if (!outcome.client) co_return;
    auto channels = co_await open_pair(*outcome.client, *outcome.server);
    const auto data = pattern(2'000'000);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(send_all(channels.a.channel, data));
    EXPECT_TRUE(co_await read_all(channels.b.channel) == data);
  });
  ASSERT_TRUE(outcome.client) << GetParam();
  EXPECT_NE(outcome.client->connection.negotiated().find(GetParam()), std::string::npos);
}

TEST_F(SecureConnection, HostKeysAreAnnouncedAndProved) {
  const auto first = make_key(), second = make_key(PrivateKey::Type::rsa_3072);
  pair.server->host_keys = local_host_keys({first, second});
  pair.client->accept_host_key = [&](const PublicKey& key) { return key == first.public_key(); };
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    auto announced = co_await outcome.client->requests.next();
    EXPECT_EQ(announced->name(), "hostkeys-00@openssh.com");
    WireReader list(announced->payload());
    EXPECT_TRUE(equal(list.string(), first.public_key().blob()));
    EXPECT_TRUE(equal(list.string(), second.public_key().blob()));
    EXPECT_TRUE(list.done());

    ByteBuffer wanted;
    WireWriter(wanted).string(second.public_key().blob());
    const Bytes ask = wanted.readable();
    std::vector<std::byte> payload(ask.begin(), ask.end());
    const auto proof = co_await outcome.client->connection.request("hostkeys-prove-00@openssh.com", payload);
    EXPECT_TRUE(proof.success);
    WireReader proofs(proof.payload);
    const Bytes signature = proofs.string();
    ByteBuffer statement;
    WireWriter(statement).string(std::string_view("hostkeys-prove-00@openssh.com"));
    WireWriter(statement).string(outcome.client->connection.session_id());
    WireWriter(statement).string(second.public_key().blob());
    EXPECT_TRUE(second.public_key().verify("rsa-sha2-512", statement.readable(), signature).has_value());

    // A key that is not the server's.
    ByteBuffer foreign;
    WireWriter(foreign).string(make_key().public_key().blob());
    const Bytes other = foreign.readable();
    std::vector<std::byte> other_payload(other.begin(), other.end());
    const auto refused = co_await outcome.client->connection.request("hostkeys-prove-00@openssh.com",
                                                                     std::move(other_payload));
    EXPECT_FALSE(refused.success);
  });
}

TEST_F(SecureConnection, DisconnectReachesThePeer) {
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    outcome.server->connection.disconnect(DisconnectReason::too_many_connections, "full");
    EXPECT_EQ((co_await outcome.client->connection.closed()).code, Errc::disconnected_by_peer);
    EXPECT_EQ((co_await outcome.server->connection.closed()).code, Errc::connection_closed);
  });
}

TEST_F(SecureConnection, KeepalivesFindADeadPeer) {
  Loop silent;  // the client's io_context is never run again: a host that vanished
  pair.server->alive_interval = 1s;
  pair.server->alive_count = 1;
  auto sockets = tcp_pair(loop.io);
  std::optional<AcceptedServerConnection> server;
  std::optional<AcceptedConnection> client;
  auto serve = [&]() -> Task<> { server.emplace(co_await accept(std::move(sockets.first), pair.server)); };
  auto connect_once = [&]() -> Task<> {
    asio::ip::tcp::socket moved(silent.io, asio::ip::tcp::v4(), sockets.second.release());
    client.emplace(co_await connect(std::move(moved), pair.client));
  };
  bool connected = false;
  asio::co_spawn(silent.io, connect_once(), [&](const std::exception_ptr&) { connected = true; });
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(serve());
    while (!connected || !server) {
      silent.io.poll();
      co_await asio::post(loop.io, asio::use_awaitable);
    }
    const auto start = std::chrono::steady_clock::now();
    const Error why = co_await server->connection.closed();
    EXPECT_EQ(why.code, Errc::timeout);
    EXPECT_GE(std::chrono::steady_clock::now() - start, 1s);
    co_await scope.join();
  });
}

TEST_F(SecureConnection, KeepalivesLeaveALivingPeerAlone) {
  pair.server->alive_interval = 1s;
  pair.server->alive_count = 1;
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    {
      auto dropped = std::move(outcome.client->requests);
    }  // refuses them: an answer all the same
    asio::steady_timer pause(loop.io, 3500ms);
    co_await pause.async_wait(asio::use_awaitable);
    EXPECT_TRUE(outcome.server->connection.is_open());
  });
}

TEST(SeveralThreads, ServeConnectionsAtOnce) {
  // One connection, one thread; what they share are configurations and pools.
  LoginPair shared;
  std::vector<std::thread> threads;
  std::atomic<int> finished = 0;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      Loop loop;
      LoginPair pair;
      pair.server->on_event = nullptr;
      const auto own = std::make_shared<TestAuthenticator>();
      auto config = std::make_shared<ServerConfig>(*shared.server);
      config->authenticator = own;
      config->on_event = nullptr;
      pair.server = config;
      pair.client = shared.client;
      LoginOutcome outcome;
      loop.run([&]() -> Task<> {
        co_await pair.run(outcome);
        auto channels = co_await open_pair(*outcome.client, *outcome.server);
        const auto data = pattern(1'000'000);
        TaskScope scope(co_await asio::this_coro::executor);
        scope.spawn(send_all(channels.a.channel, data));
        const auto seen = co_await read_all(channels.b.channel);
        if (seen == data) ++finished;
      });
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(finished, 4);
}

TEST_F(SecureConnection, ADestroyedContextTakesEncryptedConnectionsWithIt) {
  pair.server->alive_interval = 30s;
  auto outcome = std::make_shared<LoginOutcome>();
  auto channels = std::make_shared<std::optional<ChannelPair>>();
  TaskScope scope(loop.io.get_executor());
  loop.run([&]() -> Task<> {
    co_await pair.run(*outcome);
    channels->emplace(co_await open_pair(*outcome->client, *outcome->server));
    auto wait = [](Channel channel) -> Task<> {
      const auto data = pattern(8'000'000);
      co_await channel.write(data);
    };
    scope.spawn(wait((*channels)->a.channel));
    co_await settle();
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
