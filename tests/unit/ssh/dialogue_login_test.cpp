// SPDX-License-Identifier: Apache-2.0
// keyboard-interactive and several methods in a row between accept() and connect().
#include "unit/ssh/raw_end.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace fairlead::ssh::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

// Asks what the test says, round by round, and admits whoever answers "right" to the last prompt.
class AskingAuthenticator : public TestAuthenticator {
 public:
  [[nodiscard]] std::vector<std::string> methods() const override { return offered; }
  [[nodiscard]] std::vector<std::string> next_methods(const AuthContext& context) const override {
    succeeded = context.succeeded;
    return next ? *next : Authenticator::next_methods(context);
  }
  [[nodiscard]] Task<Verdict> keyboard_interactive(const AuthContext& context, Prompter& prompter) override {
    const std::shared_ptr<void> inside = asking;
    asked.push_back("dialogue " + context.user);
    std::string last;
    for (unsigned i = 0; i < rounds; ++i) {
      std::vector<Prompt> prompts;
      if (i + 1 == rounds || !empty_rounds) prompts.emplace_back("Question " + std::to_string(i) + ": ");
      PromptRound round(std::move(prompts), "Say it");
      const auto answers = co_await prompter.ask(std::move(round));
      for (const Bytes answer : answers) asked.push_back(last = to_string(answer));
    }
    if (fails) throw std::runtime_error("backend down");
    if (last != "right" && rounds != 0) co_return Verdict::refused;
    co_return dialogue_verdict;
  }
  std::vector<std::string> offered{"publickey", "password", "keyboard-interactive"};
  std::optional<std::vector<std::string>> next;
  unsigned rounds = 1;
  bool empty_rounds = false;
  Verdict dialogue_verdict = Verdict::accepted;
  mutable std::vector<std::string> succeeded;  // what next_methods() was told
  std::shared_ptr<void> asking = std::make_shared<int>();
};

class DialogueLogin : public testing::Test {
 protected:
  DialogueLogin() {
    pair_.server->authenticator = asks_;
    pair_.client->password.reset();
    answer_with("right");
  }
  void answer_with(std::string text) {
    pair_.client->answer_prompts = [this, text](PromptRound round) {
      return type(this, std::move(round), text);
    };
  }
  static Task<std::vector<std::string>> type(DialogueLogin* self, PromptRound round, std::string text) {
    for (const Prompt& prompt : round.prompts) self->seen_.push_back(round.instruction + "|" + prompt.text);
    co_return std::vector<std::string>(round.prompts.size(), text);
  }
  void run() { loop_.run(pair_.run(outcome_)); }

  Loop loop_;
  LoginPair pair_;
  LoginOutcome outcome_;
  std::shared_ptr<AskingAuthenticator> asks_ = std::make_shared<AskingAuthenticator>();
  std::vector<std::string> seen_;
};

TEST_F(DialogueLogin, TheAuthenticatorAsksAsOftenAsItWants) {
  for (const unsigned rounds : {1U, 3U, limits::auth_rounds}) {
    asks_->rounds = rounds;
    seen_.clear();
    outcome_ = {};
    run();
    ASSERT_TRUE(outcome_.server && outcome_.client) << rounds;
    EXPECT_EQ(outcome_.server->login.method, "keyboard-interactive");
    EXPECT_EQ(seen_.size(), rounds);
    EXPECT_EQ(seen_[0], "Say it|Question 0: ");
    EXPECT_EQ(asks_->asking.use_count(), 1);
  }
}

TEST_F(DialogueLogin, RoundsWithoutPromptsAreAnsweredToo) {
  asks_->rounds = 3;
  asks_->empty_rounds = true;
  run();
  ASSERT_TRUE(outcome_.server);
  EXPECT_THAT(seen_, ElementsAre("Say it|Question 2: "));
}

TEST_F(DialogueLogin, NotEvenOneQuestionIsNeeded) {
  asks_->rounds = 0;
  run();
  EXPECT_TRUE(outcome_.server.has_value());
}

TEST_F(DialogueLogin, TooManyRoundsAreRefused) {
  for (const bool empty : {false, true}) {
    asks_->rounds = limits::auth_rounds + 1;
    asks_->empty_rounds = empty;
    outcome_ = {};
    run();
    EXPECT_FALSE(outcome_.server.has_value());
    EXPECT_EQ(outcome_.client_error->code, Errc::authentication_failed);
    EXPECT_THAT(*pair_.events, Contains("auth_failed: too many prompts"));
    EXPECT_EQ(asks_->asking.use_count(), 1) << "its task was cancelled";
  }
}

TEST_F(DialogueLogin, WrongAnswersAndExceptionsAreRefused) {
  answer_with("wrong");
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_EQ(outcome_.client_error->code, Errc::authentication_failed);
  outcome_ = {};
  answer_with("right");
  asks_->fails = true;
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_THAT(*pair_.events, Contains("auth_unavailable: backend down"));
}

TEST_F(DialogueLogin, ByDefaultNobodyIsAdmitted) {
  class Nothing final : public TestAuthenticator {
    [[nodiscard]] std::vector<std::string> methods() const override { return {"keyboard-interactive"}; }
  };
  pair_.server->authenticator = std::make_shared<Nothing>();
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_THAT(seen_, IsEmpty());
}

TEST_F(DialogueLogin, AClientThatDoesNotAnswerAllPromptsGivesUp) {
  pair_.client->answer_prompts = [](PromptRound) -> Task<std::vector<std::string>> {
    co_return std::vector<std::string>(5, "too many");
  };
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_EQ(outcome_.client_error->code, Errc::authentication_failed);
  EXPECT_EQ(asks_->asking.use_count(), 1);
}

// UA-15.
TEST_F(DialogueLogin, ARequestThatComesInsteadCancelsTheDialogue) {
  std::vector<int> answers;
  serve_raw(loop_, pair_, outcome_, [&](RawEnd& client) -> Task<> {
    const auto ask = [&](const char* method) {
      client.send(Payload(msg::userauth_request, "alice", "ssh-connection", method, "", ""));
    };
    ask("keyboard-interactive");
    co_await client.receive(1);
    EXPECT_EQ(asks_->asking.use_count(), 2);
    ask("keyboard-interactive");
    co_await client.receive(2);
    EXPECT_EQ(asks_->asking.use_count(), 2) << "the second one's";
    ask("no such method");
    co_await client.receive(3);
    EXPECT_EQ(asks_->asking.use_count(), 1);
    client.send(Payload(msg::userauth_request, "alice", "ssh-connection", "password", false, "secret"));
    co_await client.receive(4);
    answers = client.numbers();
  });
  EXPECT_THAT(answers, ElementsAre(msg::userauth_info_request, msg::userauth_info_request,
                                   msg::userauth_failure, msg::userauth_success));
  EXPECT_TRUE(outcome_.server.has_value());
}

TEST_F(DialogueLogin, AClientThatNeverAnswersEndsAtTheDeadline) {
  Event never(loop_.io.get_executor());
  const auto typing = std::make_shared<int>();
  pair_.client->answer_prompts = [&](PromptRound) -> Task<std::vector<std::string>> {
    const auto inside = typing;
    for (;;) co_await never.wait();
  };
  pair_.server->login_grace = 1s;
  run();
  EXPECT_EQ(outcome_.server_error->code, Errc::timeout);
  EXPECT_EQ(outcome_.client_error->code, Errc::disconnected_by_peer) << "heard while its user was typing";
  EXPECT_EQ(typing.use_count(), 1) << "nobody is asked any more";
  EXPECT_EQ(asks_->asking.use_count(), 1) << "nobody waits for the answer any more";
}

TEST_F(DialogueLogin, ABannerIsShownWhileSomebodyTypes) {
  Event shown(loop_.io.get_executor());
  std::vector<std::string> banners;
  pair_.client->on_banner = [&](std::string_view text) {
    banners.emplace_back(text);
    if (banners.size() == 2) shown.notify();
  };
  const auto host_key = make_key();
  pair_.client->accept_host_key = [](const PublicKey&) { return true; };
  bool typed = false;
  pair_.client->answer_prompts = [&](PromptRound) -> Task<std::vector<std::string>> {
    co_await shown.wait();
    typed = true;
    co_return std::vector<std::string>(1, "right");
  };
  auto sockets = tcp_pair(loop_.io);
  loop_.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(LoginPair::log_in(std::move(sockets.second), pair_.client, outcome_));
    {
      RawEnd server(std::move(sockets.first), host_key);
      co_await server.begin();
      server.send(Payload(msg::userauth_banner, "first", ""));
      co_await server.receive(1);
      server.send(Payload(msg::userauth_info_request, "", "", "", std::uint32_t{1}, "Code: ", false));
      server.send(Payload(msg::userauth_banner, "second", ""));
      co_await server.receive(2);
    }
    co_await scope.join();
  });
  EXPECT_TRUE(typed);
  EXPECT_THAT(banners, ElementsAre("first", "second"));
  EXPECT_TRUE(outcome_.client_error.has_value());
}

TEST_F(DialogueLogin, ACallbackThatThrowsEndsTheConnection) {
  pair_.client->answer_prompts = [](PromptRound) -> Task<std::vector<std::string>> {
    throw std::runtime_error("no terminal");
    co_return std::vector<std::string>();
  };
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_EQ(outcome_.client_error->code, Errc::io_failed);
}

// --- several methods

TEST_F(DialogueLogin, AKeyThenADialogue) {
  const auto key = make_key();
  asks_->key = key.public_key();
  asks_->both_needed = true;
  asks_->next = {{"keyboard-interactive"}};
  pair_.client->keys = {make_key(), key};
  run();
  ASSERT_TRUE(outcome_.server);
  EXPECT_EQ(outcome_.server->login.method, "publickey+keyboard-interactive");
  EXPECT_EQ(outcome_.server->login.key_fingerprint, key.public_key().fingerprint())
      << "the first factor is not forgotten (CVE-2026-39828)";
  EXPECT_THAT(asks_->succeeded, ElementsAre("publickey"));
}

TEST_F(DialogueLogin, ADialogueThenAKeyThatWasTooEarly) {
  const auto key = make_key();
  asks_->key = key.public_key();
  asks_->dialogue_verdict = Verdict::partial;
  asks_->next = {{"publickey"}};
  pair_.client->keys = {key};
  class KeyLast final : public AskingAuthenticator {
   public:
    [[nodiscard]] Task<Verdict> public_key(const AuthContext& context, const PublicKey& shown,
                                           bool) override {
      const bool now = context.succeeded == std::vector<std::string>{"keyboard-interactive"};
      co_return now&& shown == *key ? Verdict::accepted : Verdict::refused;
    }
  };
  auto last = std::make_shared<KeyLast>();
  static_cast<AskingAuthenticator&>(*last) = *asks_;
  pair_.server->authenticator = last;
  run();
  ASSERT_TRUE(outcome_.server);
  EXPECT_EQ(outcome_.server->login.method, "keyboard-interactive+publickey");
}

TEST_F(DialogueLogin, WithoutTheSecondMethodNobodyIsIn) {
  const auto key = make_key();
  asks_->key = key.public_key();
  asks_->both_needed = true;
  pair_.client->keys = {key};
  pair_.client->answer_prompts = nullptr;
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_THAT(asks_->succeeded, ElementsAre("publickey"));
  EXPECT_EQ(asks_->next_methods({.user = {},
                                 .remote_address = {},
                                 .client_identification = {},
                                 .session_id = {},
                                 .succeeded = {"publickey"}}),
            (std::vector<std::string>{"password", "keyboard-interactive"}))
      << "by default: what has not succeeded yet";
}

TEST_F(DialogueLogin, APartialSuccessThatNothingCanFollowIsARefusal) {
  asks_->dialogue_verdict = Verdict::partial;
  asks_->next.emplace();
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_THAT(*pair_.events, Contains("auth_failed: nothing can follow"));
}

TEST_F(DialogueLogin, AServerThatIsNeverSatisfiedIsLeft) {
  asks_->dialogue_verdict = Verdict::partial;
  asks_->next = {{"keyboard-interactive"}};
  run();
  EXPECT_FALSE(outcome_.server.has_value());
  EXPECT_LE(seen_.size(), limits::auth_rounds + 1);
}

}  // namespace
}  // namespace fairlead::ssh::test
