// SPDX-License-Identifier: Apache-2.0
// The relay between a client and an agent that the test plays itself: order of ends, requests, refusals,
// losses.
#include "stage.hpp"

#include <string>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

// A session on which an exec was asked for and granted.
Task<Session> start_program(Stage& stage) {
  Session session = co_await open_both(stage);
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  scope.spawn(ask_for_program(session.client.channel));
  const std::string name = co_await answer_next(session.agent);
  EXPECT_EQ(name, "exec");
  co_await scope.join();
  co_return session;
}

class Relay : public Play<Stage> {};

TEST_F(Relay, ChannelsWaitForTheBox) {
  stage.start();
  play([&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    bool opened = false;
    auto open = [&]() -> Task<> {
      const auto session = co_await open_session(stage.client());
      opened = true;
    };
    scope.spawn(open());
    co_await settle();
    EXPECT_FALSE(opened);
    stage.open_box();
    const auto agent = co_await accept_next(stage.agent());
    co_await scope.join();
    EXPECT_TRUE(opened);
  });
}

TEST_F(Relay, FailedBoxIsToldToEveryChannel) {
  stage.start();
  play([&]() -> Task<> {
    stage.gate->fail("The image is missing.");
    for (int i = 0; i < 2; ++i) {
      auto opened = co_await stage.client().connection.open_channel("session");
      EXPECT_FALSE(opened.has_value());
      EXPECT_EQ(opened.error().text, "The image is missing.");
      EXPECT_EQ(opened.error().reason, ssh::OpenFailure::connect_failed);
    }
  });
}

TEST_F(Relay, OtherChannelTypesNeverReachTheBox) {
  start_with_box();
  play([&]() -> Task<> {
    auto opened = co_await stage.client().connection.open_channel("direct-tcpip");
    EXPECT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().reason, ssh::OpenFailure::administratively_prohibited);
    auto from_box = co_await stage.agent().connection.open_channel("forwarded-tcpip");
    EXPECT_FALSE(from_box.has_value());
  });
}

TEST_F(Relay, AllOutputThenEofThenStatusThenClose) {
  start_with_box();
  play([&]() -> Task<> {
    Session session = co_await start_program(stage);
    const auto output = pattern(300'000);
    auto program = [&]() -> Task<> {
      // The status goes out first on purpose: the relay must hold it back until the output is through.
      session.agent.channel.send_exit_status(7);
      co_await session.agent.channel.write(output);
      session.agent.channel.close_write();
      session.agent.channel.close();
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(program());
    const auto received = co_await ssh::test::read_all(session.client.channel);
    EXPECT_TRUE(received == output);
    const auto status = co_await status_of(session.client);
    EXPECT_EQ(status, 7u);
    const auto after = co_await session.client.requests.next();
    EXPECT_FALSE(after.has_value());
    co_await scope.join();
    EXPECT_EQ(stage.ends, std::vector<std::string>{"exit-status"});
  });
}

TEST_F(Relay, ClientEofClosesStandardInputAndNothingElse) {
  start_with_box();
  play([&]() -> Task<> {
    Session session = co_await start_program(stage);
    const auto input = as_bytes("input");
    co_await session.client.channel.write(input);
    session.client.channel.close_write();
    const std::string seen = co_await ssh::test::read_text(session.agent.channel);
    EXPECT_EQ(seen, "input");
    const auto late = as_bytes("late output");
    co_await session.agent.channel.write(late);
    session.agent.channel.close_write();
    session.agent.channel.send_exit_status(0);
    session.agent.channel.close();
    const std::string output = co_await ssh::test::read_text(session.client.channel);
    EXPECT_EQ(output, "late output");
  });
}

TEST_F(Relay, StandardErrorStaysApart) {
  start_with_box();
  play([&]() -> Task<> {
    Session session = co_await start_program(stage);
    co_await expect_standard_error_apart(session.agent.channel, session.client.channel);
  });
}

TEST_F(Relay, DataBeforeTheProgramWaitsForIt) {
  start_with_box();
  play([&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    auto client = [&]() -> Task<> {
      auto session = co_await open_session(stage.client());
      const auto early = as_bytes("early");
      co_await session.channel.write(early);
      session.channel.close_write();
      const ssh::ExecRequest exec{"cat"};
      const bool granted = co_await session.channel.request("exec", exec.encode());
      EXPECT_TRUE(granted);
    };
    scope.spawn(client());
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    const std::string name = co_await answer_next(agent);
    EXPECT_EQ(name, "exec") << "nothing may overtake the request";
    const std::string input = co_await ssh::test::read_text(agent.channel);
    EXPECT_EQ(input, "early");
    co_await scope.join();
  });
}

TEST_F(Relay, LostBoxIsExplainedOnStandardError) {
  start_with_box();
  play([&]() -> Task<> {
    Session session = co_await start_program(stage);
    stage.agent().connection.close({ssh::Errc::connection_closed, "killed"});
    const std::string told = co_await read_both_streams(session.client.channel);
    EXPECT_NE(told.find("fairlead: The box ran out of memory."), std::string::npos) << told;
    auto end = co_await session.client.requests.next();
    if (!end) throw std::runtime_error("no exit signal");
    EXPECT_EQ(end->name(), "exit-signal");
    EXPECT_EQ(stage.ends, std::vector<std::string>{"lost"});
  });
}

TEST_F(Relay, ForcedCommandReplacesWhatTheClientAsks) {
  start_with_box({.policy = {.forced_command = "only this"}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    auto client = [&]() -> Task<> {
      auto session = co_await open_session(stage.client());
      const ssh::SubsystemRequest sftp{"sftp"};
      const bool granted = co_await session.channel.request("subsystem", sftp.encode());
      EXPECT_TRUE(granted);
    };
    scope.spawn(client());
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    auto variable = co_await agent.requests.next();
    if (!variable) throw std::runtime_error("no env");
    const auto env = variable->parse<ssh::EnvRequest>();
    EXPECT_EQ(env ? env->name + "=" + env->value : "", "SSH_ORIGINAL_COMMAND=sftp");
    variable->reply(true);
    auto start = co_await agent.requests.next();
    if (!start) throw std::runtime_error("no exec");
    const auto exec = start->parse<ssh::ExecRequest>();
    EXPECT_EQ(exec ? exec->command : "", "only this");
    start->reply(true);
    co_await scope.join();
  });
}

TEST_F(Relay, RefusedRequestsDoNotReachTheAgent) {
  start_with_box();
  play([&]() -> Task<> {
    Session session = co_await start_program(stage);
    const bool granted = co_await session.client.channel.request("x11-req");
    EXPECT_FALSE(granted);
    const ssh::SignalRequest signal{"USR1"};
    session.client.channel.notify("signal", signal.encode());
    auto next = co_await session.agent.requests.next();
    if (!next) throw std::runtime_error("no signal");
    EXPECT_EQ(next->name(), "signal") << "x11-req must not have come through";
  });
}

TEST_F(Relay, EndsWhenTheClientLeavesAndTakesTheLinkAlong) {
  start_with_box();
  play([&]() -> Task<> {
    const Session session = co_await start_program(stage);
    stage.client().connection.close({ssh::Errc::connection_closed, "gone"});
    co_await stage.relaying.join();
    (void)co_await stage.agent().connection.closed();
    EXPECT_FALSE(stage.agent().connection.is_open());
  });
}

TEST_F(Relay, EndsWhenTheClientLeavesBeforeTheBoxIsThere) {
  stage.start();
  play([&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    auto open = [&]() -> Task<> {
      try {
        (void)co_await stage.client().connection.open_channel("session");
      } catch (const ssh::ConnectionError&) {  // its connection is closed below
      }
    };
    scope.spawn(open());
    co_await settle();
    stage.client().connection.close({ssh::Errc::connection_closed, "gone"});
    co_await settle();
    stage.open_box();
    co_await stage.relaying.join();
    (void)co_await stage.agent().connection.closed();
    EXPECT_FALSE(stage.agent().connection.is_open());
  });
}

TEST_F(Relay, NoNewSessionsWhileDraining) {
  start_with_box({.policy = {}, .observer = {}, .draining = [] { return true; }});
  play([&]() -> Task<> {
    auto opened = co_await stage.client().connection.open_channel("session");
    EXPECT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().text, "The server is shutting down.");
  });
}

TEST_F(Relay, ASessionAfterNoMoreSessionsEndsTheConnection) {
  start_with_box();
  play([&]() -> Task<> {
    const auto reply = co_await stage.client().connection.request("no-more-sessions@openssh.com");
    EXPECT_TRUE(reply.success);
    const auto alive = co_await stage.client().connection.request("keepalive@openssh.com");
    EXPECT_FALSE(alive.success);
    EXPECT_TRUE(stage.client().connection.is_open());
    bool ended = false;
    try {
      (void)co_await stage.client().connection.open_channel("session");
    } catch (const ssh::ConnectionError&) {
      ended = true;
    }
    EXPECT_TRUE(ended);
  });
}

}  // namespace
}  // namespace fairlead::relay
