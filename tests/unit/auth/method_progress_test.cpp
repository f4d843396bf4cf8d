// SPDX-License-Identifier: Apache-2.0
// Chains of factors: their order, and that what each of them forbids stays forbidden.
#include "auth/method_progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::auth {
namespace {

using config::Factor;
using config::MethodChain;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Outcome = MethodProgress::Outcome;
using Chains = std::vector<MethodChain>;

const Chains second_factor{{Factor::public_key, Factor::totp}, {Factor::password, Factor::totp}};

TEST(MethodProgress, AChainIsWalkedInItsOrder) {
  MethodProgress progress;
  EXPECT_THAT(progress.next(second_factor), ElementsAre(Factor::public_key, Factor::password));
  EXPECT_FALSE(progress.pass(second_factor, Factor::totp, {})) << "not first";
  EXPECT_EQ(progress.pass(second_factor, Factor::public_key, {}).value(), Outcome::more);
  EXPECT_THAT(progress.next(second_factor), ElementsAre(Factor::totp));
  EXPECT_FALSE(progress.pass(second_factor, Factor::public_key, {})) << "not twice";
  EXPECT_FALSE(progress.pass(second_factor, Factor::password, {})) << "not another chain's";
  EXPECT_EQ(progress.pass(second_factor, Factor::totp, {}).value(), Outcome::complete);
}

TEST(MethodProgress, AShorterChainEndsSooner) {
  const Chains chains{{Factor::password, Factor::public_key}, {Factor::public_key}};
  MethodProgress progress;
  EXPECT_EQ(progress.pass(chains, Factor::public_key, {}).value(), Outcome::complete);
  MethodProgress longer;
  EXPECT_EQ(longer.pass(chains, Factor::password, {}).value(), Outcome::more);
  EXPECT_EQ(longer.pass(chains, Factor::public_key, {}).value(), Outcome::complete);
}

TEST(MethodProgress, WithoutChainsNothingPasses) {
  MethodProgress progress;
  EXPECT_THAT(progress.next({}), IsEmpty());
  for (const Factor factor : {Factor::public_key, Factor::password, Factor::totp})
    EXPECT_FALSE(progress.pass({}, factor, {}));
}

TEST(MethodProgress, ChainsThatChangedOnTheWayAreNotWalkedOn) {
  MethodProgress progress;
  ASSERT_TRUE(progress.pass(second_factor, Factor::public_key, {}));
  EXPECT_FALSE(progress.pass({{Factor::password, Factor::totp}}, Factor::totp, {}));
}

// Every restriction a factor can bring, one at a time.
std::vector<Permissions> restrictions() {
  std::vector<Permissions> all(6);
  all[0].forced_command = "date";
  all[1].environment["ROLE"] = "guest";
  all[2].pty = false;
  all[3].port_forwarding = false;
  all[4].agent_forwarding = false;
  all[5].x11_forwarding = false;
  return all;
}

// CVE-2026-39828: what the factors before the last one forbade was dropped.
TEST(MethodProgress, Cve2026_39828_APartialSuccessKeepsItsRestrictions) {
  for (const Permissions& restricted : restrictions()) {
    MethodProgress progress;
    ASSERT_TRUE(progress.pass(second_factor, Factor::public_key, restricted));
    ASSERT_TRUE(progress.pass(second_factor, Factor::totp, {}));
    EXPECT_EQ(progress.permissions(), restricted);
  }
}

// CVE-2026-46595: restrictions counted for one method only. Here every factor brings each, at every place.
TEST(MethodProgress, Cve2026_46595_RestrictionsCountWhateverTheMethod) {
  const Chains all_orders{{Factor::public_key, Factor::password, Factor::totp},
                          {Factor::password, Factor::public_key, Factor::totp},
                          {Factor::password, Factor::totp, Factor::public_key},
                          {Factor::public_key, Factor::totp, Factor::password}};
  for (const MethodChain& chain : all_orders)
    for (const Factor bringer : chain)
      for (const Permissions& restricted : restrictions()) {
        MethodProgress progress;
        for (const Factor factor : chain)
          ASSERT_TRUE(progress.pass({chain}, factor, factor == bringer ? restricted : Permissions{}));
        EXPECT_EQ(progress.permissions(), restricted);
      }
}

TEST(Intersection, IsWhatBothGrant) {
  for (const Permissions& a : restrictions())
    for (const Permissions& b : restrictions()) {
      const auto both = intersection(a, b).value();
      EXPECT_EQ(both, intersection(b, a).value());
      EXPECT_EQ(both, intersection(both, a).value());
      EXPECT_EQ(both.pty, a.pty && b.pty);
      EXPECT_EQ(both.port_forwarding, a.port_forwarding && b.port_forwarding);
      EXPECT_EQ(both.agent_forwarding, a.agent_forwarding && b.agent_forwarding);
      EXPECT_EQ(both.x11_forwarding, a.x11_forwarding && b.x11_forwarding);
      EXPECT_EQ(both.forced_command.has_value(), a.forced_command || b.forced_command);
    }
}

TEST(Intersection, ContradictionsAdmitNobody) {
  Permissions date, uptime;
  date.forced_command = "date";
  uptime.forced_command = "uptime";
  EXPECT_THAT(intersection(date, uptime).error(), HasSubstr("different commands"));
  Permissions guest, admin;
  guest.environment["ROLE"] = "guest";
  admin.environment["ROLE"] = "admin";
  EXPECT_THAT(intersection(guest, admin).error(), HasSubstr("ROLE"));
  MethodProgress progress;
  ASSERT_TRUE(progress.pass(second_factor, Factor::public_key, date));
  EXPECT_FALSE(progress.pass(second_factor, Factor::totp, uptime));
  EXPECT_EQ(progress.permissions(), date) << "nothing has changed";
}

}  // namespace
}  // namespace fairlead::auth
