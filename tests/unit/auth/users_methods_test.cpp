// SPDX-License-Identifier: Apache-2.0
// `methods` and `totp` of the users file.
#include "auth/users_file.hpp"
#include "sample_hashes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::auth {
namespace {

using config::Factor;
using config::MethodChain;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string password = "password: '" + std::string(test::yescrypt) + "'";
const std::string secret = "totp: JBSWY3DPEHPK3PXP";

auto parse(const std::string& users, std::vector<MethodChain> methods = {{Factor::password, Factor::totp}}) {
  auto base = std::make_shared<config::Config>();
  base->auth.password_method = base->auth.public_key_method = base->auth.keyboard_interactive_method =
      "local";
  base->auth.local_methods = std::move(methods);
  return Users::parse("users:\n" + users, "u.yaml", std::move(base));
}

TEST(UsersMethods, TheBaseCountsUnlessAUserHasTheirOwn) {
  const auto users = parse("  a: {" + password + ", " + secret + "}\n  b: {" + password +
                           ", methods: [publickey, password]}\n");
  ASSERT_TRUE(users) << users.error().front();
  EXPECT_THAT((*users)->methods_for("a"), ElementsAre(MethodChain{Factor::password, Factor::totp}));
  EXPECT_THAT((*users)->methods_for("b"),
              ElementsAre(MethodChain{Factor::public_key}, MethodChain{Factor::password}));
  EXPECT_THAT((*users)->methods_for("nobody"), ElementsAre(MethodChain{Factor::password, Factor::totp}));
  EXPECT_THAT((*users)->first_factors(), ElementsAre(Factor::public_key, Factor::password));
  EXPECT_TRUE((*users)->find("a")->totp);
  EXPECT_FALSE((*users)->find("b")->totp);
  EXPECT_THAT((*users)->warnings(), IsEmpty());
}

TEST(UsersMethods, MistakesNameFileLineAndReason) {
  const std::pair<const char*, const char*> cases[] = {
      {"methods: [publickey+otp]",
       "expected publickey, password and totp with + between, found \"publickey+otp\""},
      {"methods: ['']", "found \"\""},
      {"methods: ['publickey+']", "found \"publickey+\""},
      {"methods: [password+password]", "password is there twice"},
      {"methods: [totp]", "totp is a second factor"},
      {"methods: [totp+password]", "totp is a second factor"},
      {"methods: []", "nobody could log in"},
      {"methods: password", "expected a list"},
  };
  for (const auto& [line, reason] : cases) {
    const auto users = parse("  a:\n    " + password + "\n    " + line + "\n");
    ASSERT_FALSE(users) << line;
    EXPECT_THAT(users.error().front(), HasSubstr("u.yaml:4: invalid configuration option: users.a.methods ("))
        << line;
    EXPECT_THAT(users.error().front(), HasSubstr(reason));
  }
}

TEST(UsersMethods, BadSecretsNameFileAndLineAndAreNotShown) {
  const auto users = parse("  a:\n    " + password + "\n    totp: CANARY-1\n");
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error(),
              ElementsAre(HasSubstr("u.yaml:4: invalid configuration option: users.a.totp (")));
  EXPECT_THAT(users.error().front(), Not(HasSubstr("CANARY")));
}

TEST(UsersMethods, ASecretThatNothingAsksForIsAnError) {
  const auto users = parse("  a: {" + password + ", " + secret + "}\n", {{Factor::password}});
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error(), ElementsAre(HasSubstr("no method in force asks for it")));
}

TEST(UsersMethods, AUserWhoCannotComeInIsWarnedAbout) {
  const auto users = parse("  a: {" + password + "}\n  b: {" + password + ", methods: [publickey]}\n  c: {" +
                           password + ", methods: [publickey, password]}\n");
  ASSERT_TRUE(users) << users.error().front();
  EXPECT_THAT((*users)->warnings(), ElementsAre(HasSubstr("users.a"), HasSubstr("users.b")));
}

TEST(UsersMethods, WhatIsNotOfferedCannotBeDemanded) {
  auto base = std::make_shared<config::Config>();
  base->auth.password_method = base->auth.public_key_method = "local";
  const auto users = Users::parse("users: {a: {methods: [password+totp]}}", "u", base);
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error(), ElementsAre(HasSubstr("totp needs auth.keyboardInteractive.method: local")));
}

}  // namespace
}  // namespace fairlead::auth
