// SPDX-License-Identifier: Apache-2.0
// The rules at work on a relayed connection: what the client is told, what the agent gets, what is counted.
#include "stage.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::relay {
namespace {

Task<bool> start(ssh::Channel channel, std::string name, std::vector<std::byte> body) {
  co_return co_await channel.request(std::move(name), std::move(body));
}

struct Refusal {
  Policy policy;
  const char* request;
  std::vector<std::byte> body;
  const char *told, *code;
};

class RelayRules : public Play<Stage> {};

class RefusedPrograms : public RelayRules, public testing::WithParamInterface<Refusal> {};

// core.md 8.5 and 8.8: the channel survives, and something else may still be asked for on it.
TEST_P(RefusedPrograms, AreExplainedAndTheSessionGoesOn) {
  start_with_box({.policy = GetParam().policy, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    Session session = co_await open_both(stage);
    bool answered = false;
    auto ask = [&]() -> Task<> {
      const bool granted = co_await start(session.client.channel, GetParam().request, GetParam().body);
      EXPECT_FALSE(granted);
      answered = true;
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(ask());
    const std::string told = co_await read_error(session.client.channel);
    EXPECT_EQ(told, GetParam().told);
    co_await settle();
    EXPECT_FALSE(answered) << "the client has not said that it has seen the sentence";
    co_await answer_keepalive(stage.client());
    co_await scope.join();
    EXPECT_EQ(stage.codes, std::vector<std::string>{GetParam().code});
    const ssh::WindowChangeRequest change{{}};
    session.client.channel.notify("window-change", change.encode());
    auto next = co_await session.agent.requests.next();
    if (!next) throw std::runtime_error("no request");
    EXPECT_EQ(next->name(), "window-change") << "what was refused must not have come through";
  });
}

INSTANTIATE_TEST_SUITE_P(Relay, RefusedPrograms,
                         testing::Values(Refusal{{.commands = {.others = false}},
                                                 "exec",
                                                 ssh::ExecRequest{"ls"}.encode(),
                                                 "fairlead: Command execution disabled.\n",
                                                 "SECURITY_EXEC_REJECTED"},
                                         Refusal{{.shell = false},
                                                 "shell",
                                                 {},
                                                 "fairlead: Shell execution disabled.\n",
                                                 "SECURITY_SHELL_REJECTED"},
                                         Refusal{{.subsystems = {.others = false}},
                                                 "subsystem",
                                                 ssh::SubsystemRequest{"sftp"}.encode(),
                                                 "fairlead: Subsystem execution disabled.\n",
                                                 "SECURITY_SUBSYSTEM_REJECTED"}),
                         [](const auto& info) { return std::string(info.param.request); });

TEST_F(RelayRules, OtherThingsAreRefusedInSilence) {
  stage.open_box();
  stage.start({.policy = {.pty = false, .variables = {.others = false}, .signals = {.others = false}},
               .observer = {},
               .draining = {}});
  play([&]() -> Task<> {
    Session session = co_await open_both(stage);
    const auto language = ssh::EnvRequest{"LANG", "C"}.encode();
    const auto screen = ssh::PtyRequest{"xterm", {}, {}}.encode();
    const auto term = ssh::SignalRequest{"TERM"}.encode();
    const bool variable = co_await start(session.client.channel, "env", language);
    const bool terminal = co_await start(session.client.channel, "pty-req", screen);
    const bool signal = co_await start(session.client.channel, "signal", term);
    EXPECT_FALSE(variable || terminal || signal);
    const std::vector<std::string> codes{"SECURITY_ENV_REJECTED", "SECURITY_TTY_REJECTED",
                                         "SECURITY_SIGNAL_REJECTED"};
    EXPECT_EQ(stage.codes, codes);
    // 8.6: a shell still works, and the first thing the client reads is its output.
    auto shell = [&]() -> Task<> {
      const std::string name = co_await answer_next(session.agent);
      EXPECT_EQ(name, "shell");
      const auto greeting = as_bytes("$ ");
      co_await session.agent.channel.write(greeting);
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(shell());
    const bool granted = co_await session.client.channel.request("shell");
    EXPECT_TRUE(granted);
    std::vector<std::byte> buffer(1000);
    const ssh::Chunk chunk = co_await session.client.channel.read_chunk(buffer);
    EXPECT_EQ(chunk.type, ssh::StreamType::standard);
    EXPECT_EQ(ssh::as_text(ssh::Bytes(buffer).first(chunk.size)), "$ ");
    co_await scope.join();
  });
}

// What the agent is asked for when the client asks for `name`: "env NAME=VALUE", "exec COMMAND".
Task<std::vector<std::string>> forced_requests(Stage& stage, std::string name, std::vector<std::byte> body) {
  Session session = co_await open_both(stage);
  std::vector<std::string> seen;
  auto agent = [&]() -> Task<> {
    for (bool started = false; !started;) {
      auto request = co_await session.agent.requests.next();
      if (!request) co_return;
      if (const auto variable = request->parse<ssh::EnvRequest>(); variable && request->name() == "env")
        seen.push_back("env " + variable->name + "=" + variable->value);
      else if (const auto exec = request->parse<ssh::ExecRequest>(); exec)
        seen.push_back(std::string(request->name()) + " " + exec->command);
      started = request->name() != "env";
      request->reply(true);
    }
  };
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  scope.spawn(agent());
  const bool granted = co_await start(session.client.channel, std::move(name), std::move(body));
  EXPECT_TRUE(granted);
  co_await scope.join();
  co_return seen;
}

struct Forced {
  const char* request;
  std::vector<std::byte> body;
  std::vector<std::string> seen;
};

class ForcedCommands : public RelayRules, public testing::WithParamInterface<Forced> {};

// core.md 8.9, 8.10, 8.11.
TEST_P(ForcedCommands, RunInsteadOfWhatIsAskedFor) {
  start_with_box({.policy = {.forced_command = "/bin/w"}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    const auto seen = co_await forced_requests(stage, GetParam().request, GetParam().body);
    EXPECT_EQ(seen, GetParam().seen);
    EXPECT_EQ(stage.codes, std::vector<std::string>{"forced"});
  });
}

INSTANTIATE_TEST_SUITE_P(Relay, ForcedCommands,
                         testing::Values(Forced{"exec",
                                                ssh::ExecRequest{"ls"}.encode(),
                                                {"env SSH_ORIGINAL_COMMAND=ls", "exec /bin/w"}},
                                         Forced{"subsystem",
                                                ssh::SubsystemRequest{"sftp"}.encode(),
                                                {"env SSH_ORIGINAL_COMMAND=sftp", "exec /bin/w"}},
                                         Forced{"shell", {}, {"exec /bin/w"}}),
                         [](const auto& info) { return std::string(info.param.request); });

// core.md 8.3: a program that cannot be told what was asked for must not run.
TEST_F(RelayRules, AForcedCommandThatCannotBeToldDoesNotRun) {
  start_with_box({.policy = {.forced_command = "/bin/w"}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    Session session = co_await open_both(stage);
    auto agent = [&]() -> Task<> {
      const std::string first = co_await answer_next(session.agent, false);
      EXPECT_EQ(first, "env");
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(agent());
    const auto command = ssh::ExecRequest{"ls"}.encode();
    const bool granted = co_await start(session.client.channel, "exec", command);
    EXPECT_FALSE(granted);
    EXPECT_EQ(stage.codes, std::vector<std::string>{"not told"});
    co_await scope.join();
  });
}

Task<ssh::Refusal> refused_session(Stage& stage) {
  const auto opened = co_await stage.client().connection.open_channel("session");
  if (opened) throw std::runtime_error("a session too many");
  co_return opened.error();
}

// core.md 8.13, 8.14 and W8.3: those that are open count, not those that were.
TEST_F(RelayRules, SessionsCountWhileTheyAreOpen) {
  start_with_box({.policy = {.max_sessions = 1}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    for (int round = 0; round < 3; ++round) {
      Session session = co_await open_both(stage);
      const ssh::Refusal refusal = co_await refused_session(stage);
      EXPECT_EQ(refusal.reason, ssh::OpenFailure::resource_shortage);
      EXPECT_EQ(refusal.text, "Too many sessions.");
      session.client.channel.close();
      // No pause: the next wish is right behind the CLOSE, and the agent has not closed its side.
    }
    EXPECT_EQ(stage.codes, std::vector<std::string>(3, "SECURITY_MAX_SESSIONS"));
  });
}

// W8.4: while one session waits for its box, the others are answered.
TEST_F(RelayRules, ASessionThatWaitsHoldsNobodyUp) {
  stage.start({.policy = {.max_sessions = 1}, .observer = {}, .draining = {}});
  play([&]() -> Task<> {
    auto wait = [&]() -> Task<> {
      const auto opened = co_await stage.client().connection.open_channel("session");
      EXPECT_FALSE(opened.has_value());
    };
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(wait());
    co_await settle();
    const ssh::Refusal second = co_await refused_session(stage);
    EXPECT_EQ(second.text, "Too many sessions.") << "one that waits counts";
    stage.gate->fail("no box");
    co_await scope.join();
  });
}

}  // namespace
}  // namespace fairlead::relay
