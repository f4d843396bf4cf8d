// SPDX-License-Identifier: Apache-2.0
// When a connection is ended because of its time, and what its sessions hear of it.
#include "daemon/time_limits.hpp"

#include "unit/relay/stage.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>

namespace fairlead::daemon {
namespace {

namespace asio = ssh::asio;
using relay::answer_next;
using relay::open_both;
using relay::Session;
using relay::Stage;
using ssh::Task;
using ssh::test::Loop;
using namespace std::chrono_literals;
using Clock = relay::Activity::Clock;

Task<> pause(std::chrono::milliseconds time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::use_awaitable);
}

// A relayed connection that is held to limits. With `open_box` it has its box.
struct Scene {
  explicit Scene(config::Quota quota, bool open_box = true)
      : limits(stage.client_link.b.connection, stage.gate, quota, observe::Log()) {
    if (open_box) stage.open_box();
  }

  void run(Task<> test) {
    stage.start({.notices = limits.notices, .activity = limits.activity});
    holding.spawn(hold_to(limits));
    loop.run(relay::to_the_end(stage, std::move(test)));
  }

  Loop loop;
  Stage stage{loop.io};
  TimeLimits limits;
  ssh::TaskScope holding{loop.io.get_executor()};
};

// Requests something of the agent, which agrees.
Task<> ask(Session& session, std::string name, std::vector<std::byte> payload = {}) {
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  bool agreed = false;
  auto asking = [&]() -> Task<> {
    agreed = co_await session.client.channel.request(name, std::move(payload));
  };
  scope.spawn(asking());
  EXPECT_EQ(co_await answer_next(session.agent), name);
  co_await scope.join();
  EXPECT_TRUE(agreed);
}

Task<Session> open_terminal(Stage& stage) {
  Session session = co_await open_both(stage);
  const ssh::PtyRequest pty{.term = "xterm", .size = {}, .modes = {}};
  auto body = pty.encode();
  co_await ask(session, "pty-req", std::move(body));
  co_return session;
}

Task<std::string> all_errors(ssh::Channel client) {
  std::string all;
  for (;;) {
    const ssh::View view = co_await client.view();
    if (view.data.empty()) co_return all;
    all += ssh::to_string(view.data);
    client.consume(view.data.size());
  }
}

Task<> answer_globals(ssh::AcceptedConnection& client) {
  while (auto request = co_await client.requests.next()) request->reply(false);
}

TEST(TimeLimits, ATerminalIsWarnedOnceAndEverybodyHearsOfTheEnd) {
  Scene scene({.max_time = 400ms, .warn_before = 150ms});
  auto test = [&]() -> Task<> {
    ssh::TaskScope answering(co_await asio::this_coro::executor);
    answering.spawn(answer_globals(scene.stage.client()));
    const Session terminal = co_await open_terminal(scene.stage);
    const Session program = co_await open_both(scene.stage);
    const auto begun = Clock::now();
    EXPECT_EQ(co_await all_errors(terminal.client.channel),
              "\r\nfairlead: This connection ends in 1 second.\r\n"
              "\r\nfairlead: This connection has lasted as long as it may.\r\n");
    EXPECT_LT(Clock::now() - begun, 2s) << "a client that answers is not waited for";
    EXPECT_EQ(co_await all_errors(program.client.channel),
              "fairlead: This connection has lasted as long as it may.\n");
    (void)co_await scene.stage.client().connection.closed();
  };
  scene.run(test());
}

TEST(TimeLimits, AWarningNeverComesBeforeHalfOfTheTime) {
  const auto begun = Clock::now();
  Scene scene({.max_time = 600ms, .warn_before = 1h});
  auto test = [&]() -> Task<> {
    Session terminal = co_await open_terminal(scene.stage);
    const ssh::View view = co_await terminal.client.channel.view();
    EXPECT_EQ(ssh::to_string(view.data), "\r\nfairlead: This connection ends in 1 second.\r\n");
    EXPECT_GE(Clock::now() - begun, 300ms);
  };
  scene.run(test());
}

TEST(TimeLimits, AClientThatDoesNotAnswerIsEndedAllTheSame) {
  Scene scene({.max_time = 50ms, .warn_before = 0s});
  auto test = [&]() -> Task<> { (void)co_await scene.stage.client().connection.closed(); };
  scene.run(test());
}

TEST(TimeLimits, EveryByteOfTheClientOrTheProgramPostponesTheIdleEnd) {
  Scene scene({.idle_timeout = 300ms});
  auto test = [&]() -> Task<> {
    Session session = co_await open_both(scene.stage);
    co_await ask(session, "shell");
    auto last = Clock::now();
    try {
      for (int i = 0; i < 12; ++i) {
        ssh::Channel& from = i % 2 == 0 ? session.client.channel : session.agent.channel;
        const auto byte = ssh::as_bytes("x");
        co_await from.write(byte);
        last = Clock::now();
        co_await pause(50ms);
      }
    } catch (const ssh::ConnectionError&) {  // a machine that stops for so long proves the same
    }
    (void)co_await scene.stage.client().connection.closed();
    EXPECT_GE(Clock::now() - last, 290ms);
  };
  scene.run(test());
}

TEST(TimeLimits, KeepalivesAreNoActivity) {
  Scene scene({.idle_timeout = 100ms});
  auto test = [&]() -> Task<> {
    const Session session = co_await open_both(scene.stage);
    ssh::TaskScope asking(co_await asio::this_coro::executor);
    auto keep_alive = [&]() -> Task<> {
      for (;;) {
        (void)co_await scene.stage.client().connection.request("keepalive@openssh.com");
        co_await pause(10ms);
      }
    };
    asking.spawn(keep_alive());
    EXPECT_EQ(co_await all_errors(session.client.channel),
              "fairlead: This connection was idle for too long.\n");
    (void)co_await scene.stage.client().connection.closed();
  };
  scene.run(test());
}

TEST(TimeLimits, WhoWaitsForABoxIsNotIdle) {
  Scene scene({.idle_timeout = 100ms}, false);
  auto test = [&]() -> Task<> {
    co_await pause(500ms);
    EXPECT_TRUE(scene.stage.client().connection.is_open());
    scene.stage.gate->fail("No box.");
    (void)co_await scene.stage.client().connection.closed();
  };
  scene.run(test());
}

TEST(TimeLimits, WithoutLimitsNothingIsWatched) {
  Scene scene({});
  auto test = [&]() -> Task<> {
    co_await hold_to(scene.limits);  // returns
    EXPECT_TRUE(scene.stage.client().connection.is_open());
  };
  scene.run(test());
}

}  // namespace
}  // namespace fairlead::daemon
