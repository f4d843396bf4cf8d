// SPDX-License-Identifier: Apache-2.0
// UA-19: logins while whoever decides cannot be asked, by an authenticator that says so or throws.
#include "unit/ssh/login_pair.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace fairlead::ssh::test {
namespace {

using testing::Contains;
using testing::Not;

// Nobody can say anything about keys.
class WithoutKeyServer final : public TestAuthenticator {
 public:
  [[nodiscard]] Task<Verdict> public_key(const AuthContext& context, const PublicKey& shown,
                                         bool verified) override {
    (void)co_await TestAuthenticator::public_key(context, shown, verified);
    if (throws) throw std::runtime_error("backend down");
    co_return Verdict::unavailable;
  }
  bool throws = false;
};

class OutageLogin : public testing::TestWithParam<bool> {
 protected:
  OutageLogin() {
    authenticator_->throws = GetParam();
    pair_.server->authenticator = authenticator_;
    pair_.server->auth_failures = 2;
    pair_.client->keys = {make_key(), make_key(), make_key(), make_key()};
  }
  void log_in() { loop_.run(pair_.run(outcome_)); }

  Loop loop_;
  LoginPair pair_;
  std::shared_ptr<WithoutKeyServer> authenticator_ = std::make_shared<WithoutKeyServer>();
  LoginOutcome outcome_;
};

TEST_P(OutageLogin, CostsNoneOfTheUsersTries) {
  log_in();
  ASSERT_TRUE(outcome_.server && outcome_.client);
  EXPECT_EQ(outcome_.server->login.method, "password");
  EXPECT_EQ(authenticator_->asked.size(), 5U) << "four keys before the password";
  EXPECT_THAT(*pair_.events,
              Contains(GetParam() ? "auth_unavailable: backend down" : "auth: publickey unavailable"));
}

TEST_P(OutageLogin, AdmitsNobody) {
  pair_.client->password = "wrong";
  log_in();
  EXPECT_FALSE(outcome_.server);
  ASSERT_TRUE(outcome_.client_error);
  EXPECT_EQ(outcome_.client_error->code, Errc::authentication_failed);
  EXPECT_THAT(*pair_.events, Not(Contains(testing::StartsWith("auth: publickey acc"))));
}

INSTANTIATE_TEST_SUITE_P(Told, OutageLogin, testing::Values(false));
INSTANTIATE_TEST_SUITE_P(Thrown, OutageLogin, testing::Values(true));

}  // namespace
}  // namespace fairlead::ssh::test
