// SPDX-License-Identifier: Apache-2.0
// Several factors in a row, as the daemon's authenticator carries them to the keeper.
#include "auth/base32.hpp"
#include "keeper/adapters.hpp"
#include "keeper/local_keeper.hpp"
#include "line_sink.hpp"
#include "unit/auth/run_task.hpp"
#include "unit/auth/sample_hashes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

namespace fairlead::keeper {
namespace {

using ssh::Task;
using ssh::Verdict;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Type = ssh::PrivateKey::Type;

constexpr const char* secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
constexpr std::string_view word = "correct horse";

// Types what it was told to, and writes down what it was asked.
class Typist final : public ssh::Prompter {
 public:
  explicit Typist(std::deque<std::string> texts) : texts_(std::move(texts)) {}
  [[nodiscard]] Task<std::vector<ssh::Bytes>> ask(ssh::PromptRound round) override {
    for (const auto& prompt : round.prompts) {
      asked.push_back(prompt.text);
      EXPECT_FALSE(prompt.echo);
    }
    if (texts_.empty()) throw boost::system::system_error(ssh::asio::error::operation_aborted);
    typed_ = texts_.front();
    texts_.pop_front();
    co_return std::vector<ssh::Bytes>{ssh::as_bytes(typed_)};
  }
  std::vector<std::string> asked;

 private:
  std::deque<std::string> texts_;
  std::string typed_;
};

class Chains : public testing::Test {
 protected:
  Chains() {
    auth_.password_method = auth_.public_key_method = auth_.keyboard_interactive_method = "local";
    use("[publickey, password]");
  }
  // alice's methods; `base` is what everybody else has.
  void use(const std::string& methods, std::vector<config::MethodChain> base = {}) {
    auto config = std::make_shared<config::Config>();
    if (!base.empty()) auth_.local_methods = std::move(base);
    config->auth = auth_;
    const std::string totp =
        methods.find("totp") == std::string::npos ? "" : std::string(", totp: ") + secret;
    const std::string text = "users:\n  alice: {password: '" + std::string(test::yescrypt) +
                             "', authorizedKeys: ['" + "no-pty " + key_.public_key().text() +
                             "'], methods: " + methods + totp + "}\n";
    auto users = auth::Users::parse(text, "u", config);
    ASSERT_TRUE(users) << users.error().front();
    keeper_->reload(auth_, *users);
  }
  static ssh::AuthContext context(const std::string& user = "alice") {
    ssh::AuthContext context;
    context.user = user;
    context.remote_address = "192.0.2.7";
    return context;
  }
  Verdict password(std::string_view text = word) {
    return test::run(login_.password(context(), ssh::as_bytes(text)));
  }
  Verdict key(bool verified = true) {
    return test::run(login_.public_key(context(), key_.public_key(), verified));
  }
  Verdict talk(std::deque<std::string> texts, const std::string& user = "alice") {
    Typist typist(std::move(texts));
    const auto who = context(user);
    const auto attempt = [&]() -> Task<Verdict> {
      try {
        co_return co_await login_.keyboard_interactive(who, typist);
      } catch (const boost::system::system_error&) {  // gave up
        co_return Verdict::refused;
      }
    };
    const Verdict verdict = test::run(attempt());
    asked_ = typist.asked;
    return verdict;
  }
  // Each is another step, for a code counts once.
  static std::string code(int steps = 0) {
    const auto now = std::chrono::system_clock::now().time_since_epoch() / auth::Totp::step;
    return ssh::to_string(auth::Totp::parse(secret).value().code(static_cast<std::uint64_t>(now + steps)));
  }

  ssh::PrivateKey key_ = ssh::PrivateKey::generate(Type::ed25519).value();
  config::Auth auth_;
  std::shared_ptr<LocalKeeper> keeper_ =
      std::make_shared<LocalKeeper>(std::vector<ssh::PrivateKey>{}, auth_, Providers(nullptr));
  std::shared_ptr<LineSink> sink_ = std::make_shared<LineSink>();
  LoginAuthenticator login_{keeper_, "0123", observe::Log(sink_, observe::Level::debug)};
  std::vector<std::string> asked_;
};

TEST_F(Chains, WithoutASecondFactorEachMethodIsEnough) {
  EXPECT_THAT(login_.methods(), ElementsAre("publickey", "password", "keyboard-interactive"));
  EXPECT_EQ(password(), Verdict::accepted);
  EXPECT_EQ(key(), Verdict::accepted);
  EXPECT_EQ(talk({std::string(word)}), Verdict::accepted);
  EXPECT_THAT(asked_, ElementsAre("Password: "));
}

TEST_F(Chains, AKeyThenACode) {
  use("[publickey+totp]");
  EXPECT_EQ(password(), Verdict::refused) << "right, but no method of hers";
  EXPECT_EQ(talk({std::string(word)}), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre("Password: ")) << "what everybody is asked";
  EXPECT_EQ(key(false), Verdict::accepted) << "a query";
  EXPECT_EQ(key(), Verdict::partial);
  EXPECT_THAT(login_.next_methods(context()), ElementsAre("keyboard-interactive"));
  EXPECT_EQ(login_.permissions(), auth::Permissions{}) << "nothing is granted yet";
  EXPECT_EQ(key(), Verdict::refused) << "not twice";
  EXPECT_EQ(key(false), Verdict::refused);
  EXPECT_EQ(talk({"000000"}), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre("Verification code: "));
  EXPECT_EQ(talk({code()}), Verdict::accepted);
  EXPECT_THAT(sink_->lines, Contains(HasSubstr("SSH_AUTH_PARTIAL authtype=publickey")));
}

// CVE-2026-39828: the code would have lifted the key's restriction.
TEST_F(Chains, Cve2026_39828_TheKeysRestrictionsSurviveTheCode) {
  use("[publickey+totp]");
  ASSERT_EQ(key(), Verdict::partial);
  ASSERT_EQ(talk({code()}), Verdict::accepted);
  EXPECT_FALSE(login_.permissions().pty);
}

// CVE-2026-46595: and so would a password after it.
TEST_F(Chains, Cve2026_46595_TheKeysRestrictionsHoldInEveryOrder) {
  use("[publickey+password]");
  ASSERT_EQ(key(), Verdict::partial);
  ASSERT_EQ(password(), Verdict::accepted);
  EXPECT_FALSE(login_.permissions().pty);
  LoginAuthenticator other(keeper_, "4567", observe::Log(sink_, observe::Level::debug));
  use("[password+publickey]");
  const auto who = context();
  ASSERT_EQ(test::run(other.password(who, ssh::as_bytes(word))), Verdict::partial);
  ASSERT_EQ(test::run(other.public_key(who, key_.public_key(), true)), Verdict::accepted);
  EXPECT_FALSE(other.permissions().pty);
}

TEST_F(Chains, APasswordAndACodeAreOneDialogueOrTwoMethods) {
  use("[password+totp]");
  EXPECT_EQ(talk({std::string(word), code(-1)}), Verdict::accepted);
  EXPECT_THAT(asked_, ElementsAre("Password: ", "Verification code: "));
  EXPECT_EQ(password(), Verdict::partial);
  EXPECT_THAT(login_.next_methods(context()), ElementsAre("keyboard-interactive"));
  EXPECT_EQ(talk({code()}), Verdict::accepted);
  EXPECT_THAT(asked_, ElementsAre("Verification code: "));
}

TEST_F(Chains, AWrongPasswordIsNotAskedForACode) {
  use("[password+totp]");
  EXPECT_EQ(talk({"wrong", code()}), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre("Password: "));
}

// What a dialogue proved counts only when the dialogue is over.
TEST_F(Chains, ADialogueThatFailsOrIsGivenUpHasProvedNothing) {
  use("[password+totp]");
  EXPECT_EQ(talk({std::string(word), "000000"}), Verdict::refused);
  EXPECT_EQ(talk({code()}), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre("Password: "));
  EXPECT_EQ(talk({std::string(word)}), Verdict::refused);  // gives up at the code
  EXPECT_THAT(asked_, ElementsAre("Password: ", "Verification code: "));
  EXPECT_EQ(talk({code()}), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre("Password: "));
}

TEST_F(Chains, ACodeIsAcceptedOnce) {
  use("[password+totp]");
  const std::string now = code();
  EXPECT_EQ(talk({std::string(word), now}), Verdict::accepted);
  EXPECT_EQ(talk({std::string(word), now}), Verdict::refused);
  EXPECT_THAT(sink_->lines.back(), HasSubstr("reason=the code was used already"));
  EXPECT_EQ(talk({std::string(word), code(1)}), Verdict::accepted);
}

TEST_F(Chains, APasswordInADialogueMayLeadToAnotherMethod) {
  use("[password+publickey]");
  EXPECT_EQ(talk({std::string(word)}), Verdict::partial);
  EXPECT_THAT(login_.next_methods(context()), ElementsAre("publickey"));
  EXPECT_EQ(key(), Verdict::accepted);
}

TEST_F(Chains, WhatOneConnectionProvedIsNotAnothers) {
  use("[publickey+totp]");
  ASSERT_EQ(key(), Verdict::partial);
  const auto who = context();
  LoginAuthenticator other(keeper_, "4567", observe::Log(sink_, observe::Level::debug));
  Typist typist({code()});
  EXPECT_EQ(test::run(other.keyboard_interactive(who, typist)), Verdict::refused);
  {
    const LoginAuthenticator same_again(keeper_, "0123", observe::Log(sink_, observe::Level::debug));
  }  // its end is the connection's end
  EXPECT_EQ(talk({code()}), Verdict::refused);
}

TEST_F(Chains, WhatOneUserProvedIsNotAnothers) {
  use("[publickey+totp]");
  ASSERT_EQ(key(), Verdict::partial);
  EXPECT_EQ(talk({code()}, "bob"), Verdict::refused);
}

// UA-17: the list, the prompts and the answers are the same for who exists and who does not.
TEST_F(Chains, UnknownUsersAreAskedTheSame) {
  const std::vector<config::MethodChain> base{{config::Factor::password, config::Factor::totp}};
  for (const char* methods : {"[password+totp]", "[publickey+totp]", "[publickey, password]"}) {
    use(methods, base);
    EXPECT_EQ(talk({"wrong"}), Verdict::refused);
    const auto known = asked_;
    EXPECT_EQ(talk({"wrong"}, "nobody"), Verdict::refused);
    EXPECT_EQ(asked_, known) << methods;
  }
}

TEST_F(Chains, TheOfferIsWhatSomebodysLoginBeginsWith) {
  const std::vector<config::MethodChain> keys{{config::Factor::public_key, config::Factor::totp}};
  use("[publickey]", keys);
  EXPECT_THAT(login_.methods(), ElementsAre("publickey"));
  use("[password+totp]", keys);
  EXPECT_THAT(login_.methods(), ElementsAre("publickey", "password", "keyboard-interactive"));
  auth_.password_method.clear();
  use("[password+totp]", keys);
  EXPECT_THAT(login_.methods(), ElementsAre("publickey", "keyboard-interactive"));
}

TEST_F(Chains, DialoguesThatAreNotConfiguredAreRefused) {
  auth_.keyboard_interactive_method.clear();
  use("[publickey, password]");
  EXPECT_EQ(talk({std::string(word)}), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre());
}

TEST_F(Chains, TurnsOutOfOrderProveNothing) {
  DialogueRequest request;
  request.client.connection_id = "x";
  request.client.user = "alice";
  request.answers.emplace();
  EXPECT_EQ(test::run(keeper_->converse(request)).answer.verdict, Verdict::refused) << "no answer";
  request.answers->push_back(ssh::to_secret(word));
  request.answers->push_back(ssh::to_secret(word));
  EXPECT_EQ(test::run(keeper_->converse(request)).answer.verdict, Verdict::refused) << "two answers";
}

TEST_F(Chains, SecretsAreNeverLogged) {
  use("[password+totp]");
  talk({"CANARY-1", "CANARY-2"});
  const std::string used = code();
  talk({std::string(word), used});
  talk({std::string(word), used});
  for (const auto& line : sink_->lines) {
    EXPECT_THAT(line, Not(HasSubstr("CANARY")));
    EXPECT_THAT(line, Not(HasSubstr(word.data())));
    EXPECT_THAT(line, Not(HasSubstr(used)));
    EXPECT_THAT(line, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace fairlead::keeper
