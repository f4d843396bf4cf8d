// SPDX-License-Identifier: Apache-2.0
// run(), typed opens and requests, close_read(): what a client's application uses every day.
#include "unit/ssh/login_pair.hpp"

#include <fairlead/ssh/session.hpp>

namespace fairlead::ssh::test {
namespace {

// A server whose only program repeats its input behind its own name.
Task<> serve_session(OpenedChannel session) {
  std::string environment;
  while (auto request = co_await session.requests.next()) {
    if (const auto variable = request->parse<EnvRequest>(); variable && request->type() == RequestType::env)
      environment += variable->name + "=" + variable->value + ";";
    if (request->type() != RequestType::exec) continue;
    const auto exec = request->parse<ExecRequest>();
    if (!exec || exec->command == "forbidden") continue;  // dropped, and so refused
    request->reply(true);
    const std::string said = exec->command + ":" + environment + co_await read_text(session.channel);
    co_await session.channel.write(as_bytes(said));
    const auto note = as_bytes("a note");
    co_await session.channel.write_stderr(note);
    session.channel.close_write();
    if (exec->command == "killed")
      session.channel.send_exit_signal("KILL", false, "out of memory");
    else
      session.channel.send_exit_status(7);
    session.channel.close();
  }
}

Task<> serve_sessions(AcceptedConnection& server) {
  TaskScope sessions(co_await asio::this_coro::executor);
  while (auto wish = co_await server.channels.next()) {
    if (wish->kind() == ChannelType::session) sessions.spawn(serve_session(std::move(*wish).accept()));
  }
  co_await sessions.join();
}

class Run : public LoginTest {
 protected:
  // Runs `use` with a connected client while the server serves sessions.
  void with_sessions(const std::function<Task<>(Connection)>& use) {
    loop.run([&]() -> Task<> {
      co_await pair.run(outcome);
      TaskScope scope(co_await asio::this_coro::executor);
      scope.spawn(serve_sessions(*outcome.server));
      co_await use(outcome.client->connection);
      outcome.client->connection.disconnect(DisconnectReason::by_application, "done");
      co_await scope.join();
    });
  }
};
using TypedBodies = LoginTest;
using CloseRead = LoginTest;

TEST_F(Run, BringsOutputErrorsAndStatus) {
  with_sessions([](Connection client) -> Task<> {
    RunOptions options;
    options.environment = {{"LANG", "C"}};
    options.input = "typed";
    const auto ran = co_await run(client, "echo", std::move(options));
    EXPECT_TRUE(ran.has_value());
    if (!ran) co_return;
    EXPECT_EQ(ran->output, "echo:LANG=C;typed");
    EXPECT_EQ(ran->errors, "a note");
    EXPECT_EQ(ran->status, 7U);
    EXPECT_FALSE(ran->signal);
    EXPECT_FALSE(ran->succeeded());
  });
}

TEST_F(Run, TellsHowAProgramWasKilled) {
  with_sessions([](Connection client) -> Task<> {
    const auto ran = co_await run(client, "killed");
    EXPECT_TRUE(ran.has_value());
    if (!ran) co_return;
    EXPECT_FALSE(ran->status);
    EXPECT_EQ(ran->signal->name, "KILL");
    EXPECT_EQ(ran->signal->message, "out of memory");
  });
}

TEST_F(Run, ARefusedCommandIsARefusal) {
  with_sessions([](Connection client) -> Task<> {
    const auto ran = co_await run(client, "forbidden");
    EXPECT_FALSE(ran.has_value());
    const auto after = co_await run(client, "allowed");
    EXPECT_TRUE(after.has_value());
  });
}

TEST_F(Run, KeepsNoMoreOutputThanAllowed) {
  with_sessions([](Connection client) -> Task<> {
    RunOptions options;
    options.input = std::string(100'000, 'x');
    options.most_output = 1000;
    const auto ran = co_await run(client, "echo", std::move(options));
    EXPECT_TRUE(ran.has_value());
    if (!ran) co_return;
    EXPECT_TRUE(ran->truncated);
    EXPECT_EQ(ran->output.size(), 1000U);
  });
}

TEST_F(Run, ALostConnectionIsNoResult) {
  auto vanish = [&]() -> Task<> {
    auto session = co_await accept_next(*outcome.server);
    auto request = co_await session.requests.next();
    request->reply(true);
    co_await session.channel.write(as_bytes("half of the output"));
    session.channel.send_exit_status(0);  // RFC 4254 lets it come before the rest
    outcome.server->connection.disconnect(DisconnectReason::by_application, "bye");
  };
  bool thrown = false;
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(vanish());
    try {
      (void)co_await run(outcome.client->connection, "echo");
    } catch (const ConnectionError& error) {
      thrown = error.error().code == Errc::disconnected_by_peer;
    }
    co_await scope.join();
  });
  EXPECT_TRUE(thrown);
}

TEST_F(TypedBodies, AreOpenedAskedAndAnswered) {
  auto serve = [&]() -> Task<> {
    auto forward = co_await outcome.server->requests.next();
    EXPECT_EQ(forward->type(), RequestType::tcpip_forward);
    EXPECT_EQ(forward->parse<TcpipForward>()->listener, (HostPort{"localhost", 0}));
    const TcpipForwardReply chosen{40000};
    forward->reply(true, chosen.encode());
    auto wish = co_await outcome.server->channels.next();
    EXPECT_EQ(wish->kind(), ChannelType::direct_tcpip);
    EXPECT_EQ(wish->parse<DirectTcpip>()->target, (HostPort{"db", 5432}));
    EXPECT_FALSE(wish->parse<ForwardedStreamlocal>().has_value());
    std::move(*wish).reject(OpenFailure::connect_failed, "no route");
  };
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(serve());
    Connection client = outcome.client->connection;
    const TcpipForward forward{{"localhost", 0}};
    const auto answer = co_await client.request(forward);
    EXPECT_TRUE(answer.success);
    EXPECT_EQ(TcpipForwardReply::decode(answer.payload)->port, 40000);
    const DirectTcpip direct{{"db", 5432}, {"127.0.0.1", 1}};
    const auto opened = co_await client.open_channel(direct);
    EXPECT_FALSE(opened.has_value());
    if (!opened) {
      EXPECT_EQ(opened.error().reason, OpenFailure::connect_failed);
    }
    co_await scope.join();
  });
}

// CN-17: more than a window comes after it, so the credit went back.
TEST_F(CloseRead, TellsThePeerAndDropsWhatStillComes) {
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    auto channels = co_await open_pair(*outcome.client, *outcome.server);
    co_await channels.b.channel.write(as_bytes("unread"));
    co_await settle();
    channels.a.channel.close_read();
    channels.a.channel.close_read();
    auto told = co_await channels.b.requests.next();
    EXPECT_EQ(told->type(), RequestType::eow);
    EXPECT_FALSE(told->want_reply());
    const auto data = pattern(3 * std::size_t{limits::initial_window});
    co_await channels.b.channel.write(data);
    std::byte buffer[8];
    EXPECT_EQ(co_await channels.a.channel.read_some(buffer), 0U);
    co_await channels.a.channel.write(as_bytes("the other way"));
    channels.a.channel.close_write();
    EXPECT_EQ(co_await read_text(channels.b.channel), "the other way");
  });
}

TEST_F(CloseRead, IsNotToldToThoseWhoDoNotKnowTheRequest) {
  pair.server->identification = "SSH-2.0-Other";
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    auto channels = co_await open_pair(*outcome.client, *outcome.server);
    channels.a.channel.close_read();
    channels.a.channel.notify(KeepaliveRequest{});
    auto first = co_await channels.b.requests.next();
    EXPECT_EQ(first->type(), RequestType::keepalive);
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
