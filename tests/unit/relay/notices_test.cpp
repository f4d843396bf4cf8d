// SPDX-License-Identifier: Apache-2.0
// What the daemon tells the sessions of a connection: to whom, in which form, and not for ever.
#include "stage.hpp"

namespace fairlead::relay {
namespace {

using To = Notices::To;

// A relayed session whose agent has accepted it and answered for its terminal, where it has one.
Task<Session> begin(Stage& stage, bool terminal) {
  Session session = co_await open_both(stage);
  if (!terminal) co_return session;
  std::optional<bool> answer;
  const ssh::PtyRequest pty{.term = "xterm", .size = {}, .modes = {}};
  auto ask = [&]() -> Task<> {
    answer = co_await session.client.channel.request(std::string(ssh::PtyRequest::wire_name), pty.encode());
  };
  ssh::TaskScope scope(co_await asio::this_coro::executor);
  scope.spawn(ask());
  EXPECT_EQ(co_await answer_next(session.agent), "pty-req");
  co_await scope.join();
  EXPECT_EQ(answer, true);
  co_return session;
}

// What has come on standard error until now.
Task<std::string> heard_by(ssh::Channel client) {
  const ssh::View view = co_await client.view();
  EXPECT_EQ(view.type, ssh::StreamType::stderr_);
  std::string text = ssh::to_string(view.data);
  client.consume(view.data.size());
  co_return text;
}

class RelayNotices : public Play<Stage> {
 protected:
  void SetUp() override { start_with_box({.notices = notices}); }
  std::shared_ptr<Notices> notices = std::make_shared<Notices>(stage.client_link.b.connection);
};

TEST_F(RelayNotices, ATerminalIsToldOnALineOfItsOwnAndAProgramIsNot) {
  play([&]() -> Task<> {
    Session terminal = co_await begin(stage, true);
    Session program = co_await begin(stage, false);
    notices->say(To::terminals, "Five minutes are left.");
    EXPECT_EQ(co_await heard_by(terminal.client.channel), "\r\nfairlead: Five minutes are left.\r\n");
    notices->say(To::everybody, "The time is over.");
    EXPECT_EQ(co_await heard_by(program.client.channel), "fairlead: The time is over.\n")
        << "and nothing before it";
    EXPECT_EQ(co_await heard_by(terminal.client.channel), "\r\nfairlead: The time is over.\r\n");
  });
}

TEST_F(RelayNotices, HeardWaitsForTheClientsAnswer) {
  play([&]() -> Task<> {
    Session told = co_await begin(stage, false);
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    bool heard = false;
    auto wait = [&]() -> Task<> {
      co_await notices->heard();
      heard = true;
    };
    notices->say(To::everybody, "Goodbye.");
    scope.spawn(wait());
    co_await settle();
    EXPECT_FALSE(heard);
    co_await answer_keepalive(stage.client());
    co_await scope.join();
    EXPECT_TRUE(heard);
  });
}

// Starts a program and lets it write until the client's window is full.
Task<> fill_window(Session& session, ssh::TaskScope& scope) {
  bool started = false;
  auto start = [&]() -> Task<> { started = co_await session.client.channel.request("shell"); };
  scope.spawn(start());
  EXPECT_EQ(co_await answer_next(session.agent), "shell");
  std::size_t sent = 0;
  auto flood = [&]() -> Task<> {
    const auto piece = pattern(std::size_t{32} * 1024);
    for (;; sent += piece.size()) co_await session.agent.channel.write(piece);
  };
  ssh::TaskScope flooding(co_await asio::this_coro::executor);
  flooding.spawn(flood());
  for (std::size_t before = 1; sent != before;) {
    before = sent;
    for (int i = 0; i < 10; ++i) co_await settle();
  }
  EXPECT_TRUE(started);
}

// Reads away whatever the program has written until there is a sentence.
Task<std::string> next_sentence(ssh::Channel client) {
  for (;;) {
    const ssh::View view = co_await client.view();
    const bool told = view.type == ssh::StreamType::stderr_ || view.data.empty();
    std::string text = told ? ssh::to_string(view.data) : "";
    client.consume(view.data.size());
    if (told) co_return text;
  }
}

TEST_F(RelayNotices, WhoDoesNotReadGetsAFewSentencesLaterAndHoldsNobodyUp) {
  play([&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    Session slow = co_await begin(stage, false);
    Session other = co_await begin(stage, false);
    co_await fill_window(slow, scope);
    const std::string line = "fairlead: Still there?\n";
    for (int i = 0; i < 100; ++i) notices->say(To::everybody, "Still there?");
    EXPECT_EQ((co_await heard_by(other.client.channel)).size(), 100 * line.size())
        << "who reads has them all";
    std::string told, most;
    for (int i = 0; i < 8; ++i) most += line;
    while (told.size() < most.size()) told += co_await next_sentence(slow.client.channel);
    notices->say(To::everybody, "Good.");
    told += co_await next_sentence(slow.client.channel);
    EXPECT_EQ(told, most + "fairlead: Good.\n") << "and none of the others";
  });
}

TEST_F(RelayNotices, SessionsThatHaveEndedAreForgotten) {
  play([&]() -> Task<> {
    Session gone = co_await begin(stage, true);
    gone.client.channel.close();
    (void)co_await gone.client.channel.closed();
    gone.agent.channel.close();
    co_await settle();
    Session stays = co_await begin(stage, false);
    notices->say(To::everybody, "Hello.");
    EXPECT_EQ(co_await heard_by(stays.client.channel), "fairlead: Hello.\n");
  });
}

}  // namespace
}  // namespace fairlead::relay
