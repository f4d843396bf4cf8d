// SPDX-License-Identifier: Apache-2.0
// What the keeper makes of webhooks' answers: whom it asks, how often, and what of it reaches a login.
#include "keeper/adapters.hpp"
#include "keeper/local_keeper.hpp"
#include "support/scratch.hpp"
#include "unit/auth/run_task.hpp"
#include "unit/http/running_server.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

namespace fairlead::keeper {
namespace {

using ssh::Verdict;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using Type = ssh::PrivateKey::Type;

class Codes final : public observe::LogSink {
 public:
  void write(observe::Level, std::string_view code, std::string_view,
             const std::vector<observe::Label>&) override {
    seen.emplace_back(code);
  }
  std::vector<std::string> seen;
};

class KeeperWebhooks : public testing::Test {
 protected:
  // Says yes, with the name of who was asked about as metadata, unless `refuse_` names it.
  ssh::Task<http::Response> answer(http::Request request) {
    const std::lock_guard lock(mutex_);
    asked_.push_back(request.target);
    const auto body = boost::json::parse(request.body).as_object();
    http::Response response;
    response.status = request.target == broken_ ? 403 : status_;
    const std::string name = request.target.substr(1) + "-" + std::string(body.at("username").as_string());
    response.body = request.target == refuse_
                        ? R"({"success":false,"metadata":{"leak":{"value":"x"}}})"
                        : R"({"success":true,"metadata":{")" + name + R"(":{"value":"x"}}})";
    co_return response;
  }
  std::shared_ptr<LocalKeeper> make_keeper(std::shared_ptr<const auth::Users> users = nullptr) {
    auto webhooks = auth::WebhookAuthenticator::make(auth_);
    EXPECT_TRUE(webhooks);
    return std::make_shared<LocalKeeper>(std::vector{plain_}, auth_, Providers(std::move(users), *webhooks));
  }
  config::Webhook hook() const {
    config::Webhook webhook;
    webhook.url = "http://127.0.0.1:" + std::to_string(server_.port());
    webhook.auth_timeout = std::chrono::milliseconds(200);
    return webhook;
  }
  static ssh::AuthContext context(const std::string& user = "ada") {
    ssh::AuthContext context;
    context.user = user;
    context.remote_address = "192.0.2.7";
    return context;
  }
  Verdict password(LoginAuthenticator& login) {
    const std::string typed = "secret";
    const ssh::AuthContext who = context();
    return test::run(login.password(who, ssh::as_bytes(typed)));
  }
  Verdict key(LoginAuthenticator& login, const ssh::PrivateKey& shown, bool verified,
              const std::string& user = "ada") {
    const ssh::AuthContext who = context(user);
    const ssh::PublicKey& half = shown.public_key();
    return test::run(login.public_key(who, half, verified));
  }
  std::vector<std::string> metadata(const LoginAuthenticator& login) {
    std::vector<std::string> names;
    for (const auto& [name, value] : login.metadata().metadata) names.push_back(name);
    return names;
  }

  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::string refuse_, broken_;
  unsigned status_ = 200;
  http::RunningServer server_{{}, [this](http::Request request) { return answer(std::move(request)); }};
  config::Auth auth_ = [this] {
    config::Auth auth;
    auth.password_method = auth.public_key_method = auth.authz_method = "webhook";
    auth.password_webhook = auth.public_key_webhook = hook();
    auth.authz_webhook = {hook()};
    return auth;
  }();
  ssh::PrivateKey plain_ = ssh::PrivateKey::generate(Type::ed25519).value();
  ssh::PrivateKey other_ = ssh::PrivateKey::generate(Type::ed25519).value();
  std::shared_ptr<Codes> codes_ = std::make_shared<Codes>();
  observe::Log log_{codes_, observe::Level::debug};
};

TEST_F(KeeperWebhooks, OnlyWhatIsConfiguredIsOffered) {
  EXPECT_THAT(make_keeper()->auth_methods(), ElementsAre("publickey", "password"));
  auth_.public_key_method = "";
  EXPECT_THAT(make_keeper()->auth_methods(), ElementsAre("password"));
}

TEST_F(KeeperWebhooks, AQueryAndItsSignatureAreOneQuestionAndAuthorizationIsAnother) {
  LoginAuthenticator login(make_keeper(), "1", log_);
  EXPECT_EQ(key(login, plain_, false), Verdict::accepted);
  EXPECT_THAT(asked_, ElementsAre("/pubkey"));
  EXPECT_THAT(metadata(login), IsEmpty()) << "CVE-2024-45337";
  EXPECT_EQ(key(login, plain_, true), Verdict::accepted);
  EXPECT_THAT(asked_, ElementsAre("/pubkey", "/authz"));
  EXPECT_THAT(metadata(login), ElementsAre("authz-ada", "pubkey-ada"));
}

TEST_F(KeeperWebhooks, ARevokedKeyIsRefusedWithoutAQuestionWhoeverElseIsLocal) {
  const test::ScratchDirectory directory;
  auth_.local_revoked_keys = directory.write("revoked", other_.public_key().text() + "\n");
  LoginAuthenticator login(make_keeper(), "1", log_);
  EXPECT_EQ(key(login, other_, false), Verdict::refused);
  EXPECT_EQ(key(login, other_, true), Verdict::refused);
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(key(login, plain_, true), Verdict::accepted);
  auth_.local_revoked_keys = directory.file("missing");
  LoginAuthenticator blind(make_keeper(), "2", log_);
  EXPECT_EQ(key(blind, plain_, true), Verdict::refused) << "who cannot read the list admits nobody";
}

TEST_F(KeeperWebhooks, AnApologyIsMadeOnceAndOnlyWhenNobodyCouldBeAsked) {
  LoginAuthenticator login(make_keeper(), "1", log_);
  refuse_ = "/password";
  EXPECT_EQ(password(login), Verdict::refused);
  EXPECT_EQ(login.explanation(context()), "") << "a clear no";
  status_ = 403;
  EXPECT_EQ(key(login, plain_, false), Verdict::unavailable);
  EXPECT_THAT(login.explanation(context()), testing::HasSubstr("unavailable"));
  EXPECT_EQ(key(login, other_, false), Verdict::unavailable);
  EXPECT_EQ(login.explanation(context()), "");
}

// Who is told that authorization cannot be had knows that the password was right.
TEST_F(KeeperWebhooks, NothingIsSaidOfAnAuthorizationThatCannotBeHad) {
  LoginAuthenticator login(make_keeper(), "1", log_);
  broken_ = "/authz";
  EXPECT_EQ(password(login), Verdict::refused);
  EXPECT_THAT(asked_, ElementsAre("/password", "/authz"));
  EXPECT_EQ(login.explanation(context()), "");
  EXPECT_THAT(codes_->seen, ElementsAre("SSH_AUTH_UNAVAILABLE"));
  EXPECT_TRUE(login.met_outage());
  EXPECT_FALSE(login.refused_somebody()) << "its source has done nothing wrong";
  EXPECT_THAT(metadata(login), IsEmpty());
}

TEST_F(KeeperWebhooks, AVerdictIsForOneKeyOneUserAndOneConnection) {
  auth_.authz_method = "";
  const auto keeper = make_keeper();
  LoginAuthenticator login(keeper, "1", log_), neighbour(keeper, "2", log_);
  EXPECT_EQ(key(login, plain_, false), Verdict::accepted);
  EXPECT_EQ(key(neighbour, plain_, true), Verdict::accepted);
  EXPECT_THAT(asked_, SizeIs(2));
  EXPECT_EQ(key(login, plain_, true, "eve"), Verdict::accepted);
  EXPECT_THAT(asked_, SizeIs(3));
  EXPECT_THAT(metadata(login), ElementsAre("pubkey-eve"));
  refuse_ = "/pubkey";
  EXPECT_EQ(key(login, other_, true), Verdict::refused)
      << "the key that was asked about is not the one that signs";
  EXPECT_THAT(asked_, SizeIs(4));
}

TEST_F(KeeperWebhooks, NothingOfAFailedAttemptIsLeft) {
  LoginAuthenticator login(make_keeper(), "1", log_);
  refuse_ = "/password";
  EXPECT_EQ(password(login), Verdict::refused);
  EXPECT_TRUE(login.refused_somebody());
  refuse_ = "/authz";
  EXPECT_EQ(password(login), Verdict::refused);
  EXPECT_THAT(metadata(login), IsEmpty());
  refuse_ = "";
  EXPECT_EQ(key(login, plain_, true), Verdict::accepted);
  EXPECT_THAT(metadata(login), ElementsAre("authz-ada", "pubkey-ada"));
}

TEST_F(KeeperWebhooks, AServerThatGivesNoAnswerMakesTheMethodUnavailable) {
  status_ = 500;
  LoginAuthenticator login(make_keeper(), "1", log_);
  EXPECT_FALSE(login.met_outage());
  EXPECT_EQ(password(login), Verdict::unavailable);
  EXPECT_THAT(codes_->seen, ElementsAre("SSH_AUTH_UNAVAILABLE"));
  EXPECT_FALSE(login.refused_somebody()) << "nobody has guessed";
  EXPECT_TRUE(login.met_outage());
  EXPECT_EQ(key(login, plain_, false), Verdict::unavailable);
  status_ = 200;
  EXPECT_EQ(key(login, plain_, false), Verdict::accepted) << "no answer is not remembered as one";
}

TEST_F(KeeperWebhooks, WhatTheUsersFileAcceptsIsAuthorizedUnderThatName) {
  auth_.password_method = "";
  auth_.public_key_method = "local";
  const std::string text =
      "users:\n  ada:\n    authorizedKeys:\n      - 'no-pty " + plain_.public_key().text() + "'\n";
  auto base = std::make_shared<config::Config>();
  base->auth = auth_;
  auto users = auth::Users::parse(text, "u", base).value();
  LoginAuthenticator login(make_keeper(users), "1", log_);
  EXPECT_EQ(key(login, plain_, false), Verdict::accepted);
  EXPECT_THAT(asked_, IsEmpty());
  EXPECT_EQ(key(login, plain_, true), Verdict::accepted);
  EXPECT_THAT(asked_, ElementsAre("/authz"));
  EXPECT_EQ(login.metadata().authenticated_username, "ada");
  EXPECT_FALSE(login.permissions().pty) << "the server cannot give back what the key's line takes";
  refuse_ = "/authz";
  EXPECT_EQ(key(login, plain_, true), Verdict::refused);
}

}  // namespace
}  // namespace fairlead::keeper
