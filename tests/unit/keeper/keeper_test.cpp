// SPDX-License-Identifier: Apache-2.0
// The engine's view of the keeper: signatures, verdicts, and what a login is granted.
#include "keeper/adapters.hpp"
#include "keeper/local_keeper.hpp"
#include "support/software_token.hpp"
#include "unit/auth/run_task.hpp"
#include "unit/auth/sample_hashes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>

namespace fairlead::keeper {
namespace {

using ssh::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Type = ssh::PrivateKey::Type;

// Everything that a log line could hold, as text.
class TextSink final : public observe::LogSink {
 public:
  void write(observe::Level, std::string_view code, std::string_view message,
             const std::vector<observe::Label>& labels) override {
    const std::lock_guard lock(mutex_);
    std::string line = std::string(code) + " " + std::string(message);
    for (const auto& label : labels)
      if (const auto* text = std::get_if<std::string>(&label.value)) line += " " + label.name + "=" + *text;
    lines.push_back(line);
  }
  std::vector<std::string> lines;

 private:
  std::mutex mutex_;
};

class KeeperTest : public testing::Test {
 protected:
  std::shared_ptr<const auth::Users> make_users() const {
    const std::string text = "users:\n  alice:\n    password: '" + std::string(test::yescrypt) +
                             "'\n    authorizedKeys:\n      - 'no-pty,command=\"date\" " +
                             key_.public_key().text() + "'\n      - " + plain_.public_key().text() + "\n";
    return auth::Users::parse(text, "u", std::make_shared<config::Config>()).value();
  }
  static ssh::AuthContext context(const std::string& user = "alice") {
    ssh::AuthContext context;
    context.user = user;
    context.remote_address = "192.0.2.7";
    return context;
  }

  ssh::PrivateKey ed25519_ = ssh::PrivateKey::generate(Type::ed25519).value();
  static inline const ssh::PrivateKey rsa_ =
      ssh::PrivateKey::generate(Type::rsa_3072).value();  // slow: one for all
  ssh::PrivateKey key_ = ssh::PrivateKey::generate(Type::ed25519).value();
  ssh::PrivateKey plain_ = ssh::PrivateKey::generate(Type::ecdsa_p256).value();
  config::Auth auth_{.password_method = "local",
                     .public_key_method = "local",
                     .keyboard_interactive_method = {},
                     .local_users_file = {}};
  std::shared_ptr<const auth::Users> users_ = make_users();
  std::shared_ptr<LocalKeeper> keeper_ =
      std::make_shared<LocalKeeper>(std::vector{ed25519_, rsa_}, auth_, users_);
  std::shared_ptr<TextSink> sink_ = std::make_shared<TextSink>();
  observe::Log log_{sink_, observe::Level::debug};
  LoginAuthenticator login_{keeper_, "0123", log_};
};

TEST_F(KeeperTest, SignsWithTheHostKeyThatWasAskedFor) {
  const auto signer = host_key_signer(keeper_);
  ASSERT_THAT(signer->public_keys(), SizeIs(2));
  const std::vector<std::byte> data(32, std::byte{7});
  const auto by_ed25519 = test::run(signer->sign(0, "ssh-ed25519", data));
  ASSERT_TRUE(by_ed25519);
  EXPECT_TRUE(ed25519_.public_key().verify("ssh-ed25519", data, *by_ed25519));
  const auto by_rsa = test::run(signer->sign(1, "rsa-sha2-512", data));
  ASSERT_TRUE(by_rsa);
  EXPECT_TRUE(rsa_.public_key().verify("rsa-sha2-512", data, *by_rsa));
  EXPECT_FALSE(test::run(signer->sign(2, "ssh-ed25519", data)));
  EXPECT_FALSE(test::run(signer->sign(0, "rsa-sha2-512", data)));
}

TEST_F(KeeperTest, OffersTheMethodsThatAreConfigured) {
  EXPECT_THAT(login_.methods(), ElementsAre("publickey", "password"));
  auth_.password_method.clear();
  keeper_->reload(auth_, users_);
  EXPECT_THAT(login_.methods(), ElementsAre("publickey"));
  EXPECT_EQ(test::run(login_.password(context(), ssh::as_bytes("correct horse"))), Verdict::refused)
      << "not offered, not accepted";
  auth_.public_key_method.clear();
  keeper_->reload(auth_, users_);
  EXPECT_EQ(test::run(login_.public_key(context(), plain_.public_key(), true)), Verdict::refused);
}

TEST_F(KeeperTest, PasswordsAreCheckedAndNeverLogged) {
  EXPECT_EQ(test::run(login_.password(context(), ssh::as_bytes("CANARY-1"))), Verdict::refused);
  EXPECT_EQ(test::run(login_.password(context("mallory"), ssh::as_bytes("CANARY-2"))), Verdict::refused);
  EXPECT_EQ(test::run(login_.password(context(), ssh::as_bytes("correct horse"))), Verdict::accepted);
  ASSERT_THAT(sink_->lines, SizeIs(3));
  EXPECT_THAT(sink_->lines[0], HasSubstr("SSH_AUTH_FAILED"));
  EXPECT_THAT(sink_->lines[1], HasSubstr("reason=unknown user"));
  EXPECT_THAT(sink_->lines[2], HasSubstr("SSH_AUTH_SUCCESSFUL"));
  for (const auto& line : sink_->lines) {
    EXPECT_THAT(line, Not(HasSubstr("CANARY")));
    EXPECT_THAT(line, Not(HasSubstr("correct horse")));
  }
}

// CVE-2024-45337: what the last query asked about must not be what the login is given.
TEST_F(KeeperTest, OnlyTheVerifiedKeyGrantsPermissions) {
  EXPECT_EQ(test::run(login_.public_key(context(), plain_.public_key(), false)), Verdict::accepted);
  EXPECT_EQ(login_.permissions(), auth::Permissions{});
  EXPECT_EQ(test::run(login_.public_key(context(), key_.public_key(), true)), Verdict::accepted);
  EXPECT_EQ(login_.permissions().forced_command, "date");
  EXPECT_FALSE(login_.permissions().pty);
  EXPECT_EQ(test::run(login_.public_key(context(), plain_.public_key(), false)), Verdict::accepted);
  EXPECT_EQ(login_.permissions().forced_command, "date") << "a later query changes nothing";
  EXPECT_EQ(test::run(login_.public_key(context(), ed25519_.public_key(), true)), Verdict::refused);
  EXPECT_EQ(login_.permissions().forced_command, "date");
}

TEST_F(KeeperTest, AnAnswerToAQueryCarriesNoPermissions) {
  PublicKeyRequest request;
  request.client.user = "alice";
  request.key.assign(key_.public_key().blob().begin(), key_.public_key().blob().end());
  const Answer decision = test::run(keeper_->check_public_key(request));
  EXPECT_EQ(decision.verdict, Verdict::accepted);
  EXPECT_EQ(decision.permissions, auth::Permissions{});
}

TEST_F(KeeperTest, ASecurityKeyLogsInWithWhatItsLineDemands) {
  const ssh::test::SoftwareToken token;
  const ssh::PublicKey key = token.public_key();
  const std::string text = "users: {alice: {authorizedKeys: ['verify-required,no-pty " + key.text() + "']}}";
  keeper_->reload(auth_, auth::Users::parse(text, "u", std::make_shared<config::Config>()).value());
  EXPECT_EQ(test::run(login_.public_key(context(), key, false)), Verdict::accepted);
  EXPECT_EQ(test::run(login_.public_key(context(), key, true)), Verdict::refused) << "without what was done";
  EXPECT_EQ(test::run(login_.security_key(context(), key, {.touched = true})), Verdict::refused);
  EXPECT_EQ(test::run(login_.security_key(context(), key, {.user_verified = true})), Verdict::refused);
  EXPECT_EQ(login_.permissions(), auth::Permissions{});
  EXPECT_EQ(test::run(login_.security_key(context(), key, {.touched = true, .user_verified = true})),
            Verdict::accepted);
  EXPECT_FALSE(login_.permissions().pty);
}

TEST_F(KeeperTest, MalformedMessagesAreRefusedAndDoNotThrow) {
  PublicKeyRequest request;
  request.client.user = "alice";
  for (const std::size_t size : {0U, 1U, 4U, 100U}) {
    request.key.assign(size, std::byte{0xFF});
    EXPECT_EQ(test::run(keeper_->check_public_key(request)).verdict, Verdict::refused);
  }
}

TEST_F(KeeperTest, AReloadCountsForTheNextAttempt) {
  keeper_->reload(auth_, auth::Users::parse("users: {}", "u", std::make_shared<config::Config>()).value());
  EXPECT_EQ(test::run(login_.public_key(context(), key_.public_key(), true)), Verdict::refused);
  EXPECT_EQ(keeper_->users()->size(), 0U);
}

}  // namespace
}  // namespace fairlead::keeper
