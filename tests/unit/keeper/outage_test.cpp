// SPDX-License-Identifier: Apache-2.0
// UA-19: a keeper that throws has decided nothing, for the login as for its source.
#include "keeper/adapters.hpp"
#include "unit/auth/run_task.hpp"
#include "unit/keeper/line_sink.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace fairlead::keeper {
namespace {

using ssh::Task;
using ssh::Verdict;

class Broken final : public Keeper {
 public:
  [[nodiscard]] std::vector<ssh::PublicKey> host_keys() const override { return {}; }
  [[nodiscard]] std::vector<ssh::Certificate> host_certificates() const override { return {}; }
  [[nodiscard]] std::vector<std::string> auth_methods() const override { return {}; }
  [[nodiscard]] Task<ssh::Result<std::vector<std::byte>>> sign(SignatureRequest /*request*/) override {
    co_return ssh::failure(ssh::Errc::bad_key);
  }
  [[nodiscard]] Task<Answer> check_password(PasswordRequest /*request*/) override { return fail<Answer>(); }
  [[nodiscard]] Task<Answer> check_public_key(PublicKeyRequest /*request*/) override {
    return fail<Answer>();
  }
  [[nodiscard]] Task<DialogueAnswer> converse(DialogueRequest /*request*/) override {
    return fail<DialogueAnswer>();
  }
  void forget(const std::string& /*connection_id*/) override {}

  bool cancelled = false;

 private:
  template <class T>
  Task<T> fail() {
    if (cancelled) throw boost::system::system_error(boost::asio::error::operation_aborted);
    throw std::runtime_error("disk on fire");
    co_return T();
  }
};

class NobodyToAsk final : public ssh::Prompter {
 public:
  [[nodiscard]] Task<std::vector<ssh::Bytes>> ask(ssh::PromptRound /*round*/) override {
    ADD_FAILURE() << "asked";
    co_return std::vector<ssh::Bytes>();
  }
};

class KeeperOutage : public testing::Test {
 protected:
  Verdict password() {
    const std::string typed = "secret";
    return fairlead::test::run(login_.password(context_, ssh::as_bytes(typed)));
  }

  std::shared_ptr<Broken> keeper_ = std::make_shared<Broken>();
  std::shared_ptr<LineSink> sink_ = std::make_shared<LineSink>();
  LoginAuthenticator login_{keeper_, "0123", observe::Log(sink_, observe::Level::debug)};
  ssh::AuthContext context_;
};

TEST_F(KeeperOutage, IsNobodysFailureWhateverTheMethod) {
  EXPECT_EQ(password(), Verdict::unavailable);
  const auto key = ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519).value();
  for (const bool verified : {false, true})
    EXPECT_EQ(fairlead::test::run(login_.public_key(context_, key.public_key(), verified)),
              Verdict::unavailable);
  NobodyToAsk prompter;
  EXPECT_EQ(fairlead::test::run(login_.keyboard_interactive(context_, prompter)), Verdict::unavailable);
  EXPECT_TRUE(login_.met_outage());
  EXPECT_FALSE(login_.refused_somebody());
  EXPECT_THAT(login_.explanation(context_), testing::HasSubstr("unavailable"));
}

TEST_F(KeeperOutage, IsNotWhatAClientMakesThatLeaves) {
  keeper_->cancelled = true;
  EXPECT_THROW((void)password(), boost::system::system_error);
  EXPECT_FALSE(login_.met_outage());
}

}  // namespace
}  // namespace fairlead::keeper
