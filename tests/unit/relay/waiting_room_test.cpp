// SPDX-License-Identifier: Apache-2.0
// Sessions that are let in before their box is there: what they are told, what is kept, how they end.
#include "relay/limits.hpp"
#include "relay/progress_line.hpp"
#include "stage.hpp"

#include <string>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

using backend::Progress;

Progress fetching(std::uint64_t done, std::uint64_t total) {
  return {Progress::Stage::fetching, done, total};
}

Task<> ask_for(ssh::Channel channel, std::string name, std::vector<std::byte> body, bool& granted) {
  granted = co_await channel.request(std::move(name), std::move(body));
}

// A client whose image is being fetched, and who has been let in.
class RelayWaitingRoom : public Play<Stage> {
 protected:
  void wait(RelayOptions options = {}) {
    stage.start(std::move(options));
    stage.gate->report(fetching(0, 0));
  }
  static Task<bool> take_terminal(ssh::OpenedChannel& session) {
    const ssh::PtyRequest wish{"xterm", {.columns = 100}, {}};
    const bool granted = co_await session.channel.request("pty-req", wish.encode());
    co_return granted;
  }
  static Task<bool> set_variable(ssh::OpenedChannel& session, std::string name, std::string value) {
    const ssh::EnvRequest variable{std::move(name), std::move(value)};
    const bool granted = co_await session.channel.request("env", variable.encode());
    co_return granted;
  }
};

TEST_F(RelayWaitingRoom, ATerminalShowsHowFarItIsAndTheProgramComesAfterWhatWasKept) {
  wait();
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    const bool terminal = co_await take_terminal(client);
    EXPECT_TRUE(terminal);
    std::string shown = co_await read_error(client.channel);
    EXPECT_EQ(shown, "\rfairlead: getting the image of your box");
    const bool variable = co_await set_variable(client, "LANG", "C");
    EXPECT_TRUE(variable);
    stage.gate->report(fetching(1'500'000, 6'000'000));
    shown = co_await read_error(client.channel);
    EXPECT_EQ(shown, "\rfairlead: getting the image of your box: 1.5 of 6.0 MB, 25 %");
    bool granted = false;
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(ask_for(client.channel, "shell", {}, granted));
    co_await settle();
    EXPECT_FALSE(granted);
    stage.open_box();
    shown = co_await read_error(client.channel);
    EXPECT_EQ(shown, "\r" + std::string(60, ' ') + "\r") << "the line is wiped";
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    for (const char* expected : {"pty-req", "env", "shell"}) {
      const std::string name = co_await answer_next(agent);
      EXPECT_EQ(name, expected);
    }
    co_await scope.join();
    EXPECT_TRUE(granted);
    co_await expect_standard_error_apart(agent.channel, client.channel);
  });
}

TEST_F(RelayWaitingRoom, WithoutATerminalNothingIsWritten) {
  wait();
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    bool granted = false;
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    const ssh::ExecRequest exec{"run"};
    scope.spawn(ask_for(client.channel, "exec", exec.encode(), granted));
    co_await settle();
    stage.gate->report(fetching(1, 2));
    co_await settle();
    stage.open_box();
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    const std::string name = co_await answer_next(agent);
    EXPECT_EQ(name, "exec");
    co_await scope.join();
    EXPECT_TRUE(granted);
    co_await expect_standard_error_apart(agent.channel, client.channel);
  });
}

TEST_F(RelayWaitingRoom, AFailureIsToldAndEveryProgramRefused) {
  wait();
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    for (const char* wish : {"exec", "subsystem"}) {
      bool granted = true;
      const ssh::ExecRequest exec{"run"};
      scope.spawn(ask_for(client.channel, wish, exec.encode(), granted));
      co_await settle();
      if (!stage.gate->decided()) stage.gate->fail("The image is missing.");
      const std::string told = co_await read_error(client.channel);
      EXPECT_EQ(told, "fairlead: The image is missing.\n");
      EXPECT_TRUE(granted) << "not answered before the client has seen the sentence";
      co_await answer_keepalive(stage.client());
      co_await scope.join();
      EXPECT_FALSE(granted);
    }
    client.channel.close();
    const bool closed = co_await client.channel.closed();
    EXPECT_TRUE(closed);
    EXPECT_EQ(stage.codes, std::vector<std::string>{""}) << "one refused channel";
    const auto next = co_await stage.client().connection.open_channel("session");
    EXPECT_FALSE(next) << "from now on as without a report";
  });
}

TEST_F(RelayWaitingRoom, TheRulesHoldMeanwhile) {
  wait({.policy = {.pty = false, .variables = {.others = false}}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    const bool terminal = co_await take_terminal(client);
    const bool variable = co_await set_variable(client, "A", "b");
    EXPECT_FALSE(terminal || variable);
    stage.open_box();
    bool granted = false;
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(ask_for(client.channel, "shell", {}, granted));
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    const std::string name = co_await answer_next(agent);
    EXPECT_EQ(name, "shell") << "what was refused did not come through";
    co_await scope.join();
    EXPECT_EQ(stage.codes, (std::vector<std::string>{"SECURITY_TTY_REJECTED", "SECURITY_ENV_REJECTED"}));
  });
}

TEST_F(RelayWaitingRoom, WhatIsKeptIsBounded) {
  wait();
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    const std::string large(30'000, 'x');
    std::size_t kept = 0;
    for (int i = 0; i < 10; ++i) {
      const bool granted = co_await set_variable(client, "A", large);
      kept += granted ? 1U : 0U;
    }
    EXPECT_EQ(kept, limits::kept_bytes / large.size());
    kept = 0;
    for (std::size_t i = 0; i < limits::kept_requests + 5; ++i) {
      const bool granted = co_await set_variable(client, "A", "b");
      kept += granted ? 1U : 0U;
    }
    EXPECT_LE(kept, limits::kept_requests);
  });
}

TEST_F(RelayWaitingRoom, RequestsThatNobodyWantsAnsweredAreKeptToo) {
  wait();
  play([&]() -> Task<> {
    constexpr int variables = 100;  // more than an application may leave unanswered
    ssh::OpenedChannel client = co_await open_session(stage.client());
    const auto variable = ssh::EnvRequest{"A", "b"}.encode();
    for (int i = 0; i < variables; ++i) {
      client.channel.notify("env", variable);
      co_await settle();
    }
    stage.open_box();
    bool granted = false;
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(ask_for(client.channel, "shell", {}, granted));
    ssh::OpenedChannel agent = co_await accept_next(stage.agent());
    int came = 0;
    for (std::string name = co_await answer_next(agent); name == "env"; name = co_await answer_next(agent))
      ++came;
    EXPECT_EQ(came, variables);
    co_await scope.join();
    EXPECT_TRUE(granted);
  });
}

TEST_F(RelayWaitingRoom, WhoClosesTheSessionLeavesAtOnce) {
  wait({.policy = {.max_sessions = 1}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    const bool terminal = co_await take_terminal(client);
    EXPECT_TRUE(terminal);
    client.channel.close();
    const bool closed = co_await client.channel.closed();
    EXPECT_TRUE(closed);
    (void)co_await open_session(stage.client());  // its place is free
  });
}

TEST_F(RelayWaitingRoom, ReportsAreShownWithPausesAndTheLastOneIsNotLost) {
  wait();
  play([&]() -> Task<> {
    ssh::OpenedChannel client = co_await open_session(stage.client());
    const bool terminal = co_await take_terminal(client);
    EXPECT_TRUE(terminal);
    constexpr std::uint64_t reports = 1000;
    for (std::uint64_t i = 1; i <= reports; ++i) {
      stage.gate->report(fetching(i * 1'000'000, 0));
      co_await asio::post(loop.io, asio::use_awaitable);
    }
    std::string shown;
    int times = 0;
    for (; shown.find("1000.0 MB") == std::string::npos; ++times) shown = co_await read_error(client.channel);
    EXPECT_LE(times, 10);
    client.channel.close();
  });
}

TEST_F(RelayWaitingRoom, EverySessionSeesIt) {
  wait();
  play([&]() -> Task<> {
    for (int i = 0; i < 3; ++i) {
      ssh::OpenedChannel client = co_await open_session(stage.client());
      const bool terminal = co_await take_terminal(client);
      EXPECT_TRUE(terminal);
      const std::string shown = co_await read_error(client.channel);
      EXPECT_EQ(shown, "\rfairlead: getting the image of your box");
      client.channel.close();
    }
  });
}

TEST(ProgressLine, FitsTheTerminal) {
  EXPECT_EQ(ProgressLine(31).draw(fetching(5, 10)), "\rfairlead: getting the image of");
  EXPECT_EQ(ProgressLine(1).draw(fetching(0, 0)), "") << "no room";
  const std::uint64_t most = UINT64_MAX;
  EXPECT_LE(ProgressLine(4'000'000'000).draw(fetching(most, most)).size(), limits::widest_line);
}

TEST(ProgressLine, ShorterTextsLeaveNothingOfLongerOnes) {
  ProgressLine line(80);
  const std::string getting = "\rfairlead: getting the image of your box";
  EXPECT_EQ(line.draw(fetching(0, 10'000'000)), getting + ": 0.0 of 10.0 MB, 0 %");
  EXPECT_EQ(line.draw(fetching(0, 10'000'000)), "");
  EXPECT_EQ(line.draw(fetching(0, 0)), getting + std::string(21, ' ') + getting);
  EXPECT_EQ(line.draw(fetching(2'340'000, 0)), getting + ": 2.3 MB");
  EXPECT_EQ(line.draw(fetching(20'000'000, 10'000'000)), getting + ": 10.0 of 10.0 MB, 100 %");
  const auto unpacking = line.draw({Progress::Stage::unpacking, 5'000'000, 10'000'000});
  EXPECT_EQ(unpacking.substr(0, 64), "\rfairlead: unpacking the image of your box: 5.0 of 10.0 MB, 50 %");
}

}  // namespace
}  // namespace fairlead::relay
