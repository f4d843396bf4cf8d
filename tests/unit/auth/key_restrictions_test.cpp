// SPDX-License-Identifier: Apache-2.0
// Options of authorized_keys: every restriction is kept or the key is refused.
#include "auth/key_restrictions.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace fairlead::auth {
namespace {

using testing::HasSubstr;
using TimePoint = std::chrono::sys_seconds;

std::expected<KeyRestrictions, std::string> read(std::string_view options) {
  const auto parsed = ssh::parse_key_options(options);
  if (!parsed) return std::unexpected(parsed.error());
  return interpret(*parsed);
}

TimePoint at(std::time_t seconds) {
  return TimePoint(std::chrono::seconds(seconds));
}

TEST(KeyRestrictions, NoOptionsAllowEverything) {
  const auto none = read("");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->permissions, Permissions{});
  EXPECT_EQ(obstacle(*none, "1.2.3.4", at(0)), "");
}

TEST(KeyRestrictions, RestrictTakesEverythingAndLaterFlagsGiveBack) {
  const auto all = read("restrict");
  ASSERT_TRUE(all);
  EXPECT_FALSE(all->permissions.pty || all->permissions.port_forwarding ||
               all->permissions.agent_forwarding || all->permissions.x11_forwarding);
  EXPECT_TRUE(read("restrict,pty")->permissions.pty);
  EXPECT_FALSE(read("pty,restrict")->permissions.pty);
  EXPECT_FALSE(read("no-pty")->permissions.pty);
  EXPECT_TRUE(read("no-pty")->permissions.port_forwarding);
  EXPECT_FALSE(read("no-X11-forwarding")->permissions.x11_forwarding);
  EXPECT_FALSE(read("no-agent-forwarding,no-port-forwarding")->permissions.agent_forwarding);
}

TEST(KeyRestrictions, CommandAndEnvironment) {
  const auto both =
      read(R"(command="echo \"hi\"",environment="A=b=c",environment="A=second",environment="E=")");
  ASSERT_TRUE(both) << both.error();
  EXPECT_EQ(both->permissions.forced_command, "echo \"hi\"");
  EXPECT_EQ(both->permissions.environment.at("A"), "b=c") << "the first counts, as in OpenSSH";
  EXPECT_EQ(both->permissions.environment.at("E"), "");
  EXPECT_THAT(read("environment=\"novalue\"").error(), HasSubstr("NAME=value"));
  EXPECT_FALSE(read("environment=\"=x\""));
}

TEST(KeyRestrictions, FromLimitsTheAddress) {
  const auto local = read("from=\"127.0.0.1,10.0.0.0/8\"");
  ASSERT_TRUE(local);
  EXPECT_EQ(obstacle(*local, "10.1.1.1", at(0)), "");
  EXPECT_THAT(obstacle(*local, "192.0.2.1", at(0)), HasSubstr("address"));
  EXPECT_THAT(obstacle(*local, "", at(0)), HasSubstr("address")) << "an unknown address is not inside";
  EXPECT_THAT(read("from=\"*.example.com\"").error(), HasSubstr("host names are not resolved"));
}

TEST(KeyRestrictions, ExpiryIsUtcOrLocal) {
  ::setenv("TZ", "XXX-02", 1);
  ::tzset();
  const auto utc = read("expiry-time=\"20300102030405Z\"");
  ASSERT_TRUE(utc) << utc.error();
  EXPECT_EQ(utc->expires, at(1893553445));
  EXPECT_EQ(read("expiry-time=\"20300102030405\"")->expires, at(1893553445 - 7200));
  EXPECT_EQ(read("expiry-time=\"20300102\"")->expires, at(1893542400 - 7200));
  EXPECT_EQ(read("expiry-time=\"203001020304Z\"")->expires, at(1893553440));
  EXPECT_EQ(obstacle(*utc, "::1", at(1893553444)), "");
  EXPECT_THAT(obstacle(*utc, "::1", at(1893553445)), HasSubstr("expired"));
  ::unsetenv("TZ");
  ::tzset();
}

TEST(KeyRestrictions, FarFutureIsNotThePast) {
  const auto late = read("expiry-time=\"99991231\"");
  ASSERT_TRUE(late);
  EXPECT_EQ(obstacle(*late, "::1", at(4'000'000'000)), "");
}

TEST(KeyRestrictions, BadExpiryIsRefused) {
  for (const char* time :
       {"", "tomorrow", "2030", "20301302", "20300230", "2030010203", "20300102256060", "2030010Z"})
    EXPECT_FALSE(read(std::string("expiry-time=\"") + time + "\"")) << time;
}

TEST(KeyRestrictions, WhatCannotBeEnforcedRefusesTheKey) {
  EXPECT_THAT(read("permitopen=\"localhost:80\"").error(), HasSubstr("permitopen"));
  EXPECT_THAT(read("permitlisten=\"8080\"").error(), HasSubstr("permitlisten"));
  EXPECT_FALSE(read("made-up"));
  EXPECT_TRUE(read("user-rc,no-user-rc,tunnel=\"0\""));
}

TEST(KeyRestrictions, CasVouchForPrincipals) {
  EXPECT_TRUE(read("cert-authority")->authority);
  EXPECT_EQ(read("cert-authority")->principals, std::nullopt);
  EXPECT_THAT(*read("principals=\"a,b\",cert-authority")->principals, testing::ElementsAre("a", "b"));
  EXPECT_FALSE(read("restrict")->authority);
  EXPECT_THAT(read("principals=\"a\"").error(), HasSubstr("cert-authority"));
  for (const char* names : {"", "a,", ",a", "a,,b"})
    EXPECT_FALSE(read("cert-authority,principals=\"" + std::string(names) + "\"")) << names;
}

TEST(KeyRestrictions, SecurityKeysMustBeTouchedUnlessTheLineSaysOtherwise) {
  constexpr ssh::SecurityKeyUse nothing{}, touched{.touched = true}, verified{.user_verified = true},
      both{.touched = true, .user_verified = true};
  const auto plain = read("restrict"), untouched = read("no-touch-required"),
             strict = read("verify-required"), pin_only = read("verify-required,no-touch-required");
  ASSERT_TRUE(plain && untouched && strict && pin_only);
  EXPECT_THAT(obstacle(*plain, nothing), HasSubstr("touched"));
  EXPECT_THAT(obstacle(*plain, verified), HasSubstr("touched"));
  EXPECT_EQ(obstacle(*plain, touched), "");
  EXPECT_EQ(obstacle(*untouched, nothing), "");
  EXPECT_THAT(obstacle(*strict, touched), HasSubstr("PIN"));
  EXPECT_THAT(obstacle(*strict, verified), HasSubstr("touched"));
  EXPECT_EQ(obstacle(*strict, both), "");
  EXPECT_EQ(obstacle(*pin_only, verified), "");
  EXPECT_THAT(obstacle(*pin_only, touched), HasSubstr("PIN"));
}

}  // namespace
}  // namespace fairlead::auth
