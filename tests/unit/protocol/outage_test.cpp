// SPDX-License-Identifier: Apache-2.0
// UA-19: attempts that nobody could decide about are refused, and are no failures of the user's, within a
// bound.
#include "unit/protocol/login_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Payload password_request() {
  return {msg::userauth_request, "alice", "ssh-connection", "password", false, "right"};
}

class Outage : public testing::Test {
 protected:
  std::vector<int> excuse(const Payload& request = password_request()) {
    stage_.send(request);
    stage_.engine().excuse_auth();
    stage_.carry();
    return stage_.answer_numbers();
  }
  std::vector<int> reject() {
    stage_.send(password_request());
    stage_.engine().reject_auth();
    stage_.carry();
    return stage_.answer_numbers();
  }
  void expect_over() {
    stage_.server.work();
    ASSERT_TRUE(stage_.server.error());
    EXPECT_EQ(stage_.error(), Errc::too_many_auth_attempts);
    EXPECT_FALSE(stage_.engine().authenticated());
  }

  LoginStage stage_;
};

TEST_F(Outage, LeavesTheUserAllTries) {
  for (unsigned i = 0; i < limits::auth_outages; ++i) {
    ASSERT_THAT(excuse(), ElementsAre(msg::userauth_failure)) << i;
  }
  for (unsigned i = 1; i < limits::auth_failures; ++i) {
    ASSERT_THAT(reject(), ElementsAre(msg::userauth_failure)) << i;
  }
  EXPECT_THAT(reject(), IsEmpty());
  expect_over();
}

TEST_F(Outage, WithoutEndIsAFailure) {
  for (unsigned i = 1; i < limits::auth_outages + limits::auth_failures; ++i) {
    ASSERT_THAT(excuse(), ElementsAre(msg::userauth_failure)) << i;
  }
  EXPECT_THAT(excuse(), IsEmpty());
  expect_over();
}

TEST_F(Outage, OfAQueryIsNoYes) {
  const Payload query(msg::userauth_request, "alice", "ssh-connection", "publickey", false, "ssh-ed25519",
                      test_key().public_key().blob());
  EXPECT_THAT(excuse(query), ElementsAre(msg::userauth_failure));
}

TEST_F(Outage, OfADialogueEndsIt) {
  EXPECT_THAT(excuse(keyboard_interactive_request()), ElementsAre(msg::userauth_failure));
  stage_.send(info_response({"late"}));
  EXPECT_EQ(stage_.error(), Errc::unexpected_message);
}

TEST_F(Outage, WithoutAnAttemptIsNothing) {
  stage_.engine().excuse_auth();
  stage_.carry();
  EXPECT_THAT(stage_.answer_numbers(), IsEmpty());
  EXPECT_FALSE(stage_.server.error());
}

}  // namespace
}  // namespace fairlead::ssh::test
