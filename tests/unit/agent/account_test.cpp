// SPDX-License-Identifier: Apache-2.0
// As whom programs run, from what the configuration says.
#include "agent/account.hpp"

#include <gmock/gmock.h>

namespace fairlead::agent {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

AccountFiles files(uid_t own_uid = 0) {
  return {
      "root:x:0:0::/root:/bin/bash\nalice:x:1000:1001::/home/alice:/bin/"
      "zsh\nodd:x:1003:1003::relative:nologin\n"
      "1000:x:5:6::/numbered:/bin/sh\n",
      "tty:x:5:\nwheel:x:10:alice\nstaff:x:50:\n", own_uid, own_uid};
}

TEST(ResolveAccount, AName) {
  const auto account = resolve_account("alice", files());
  ASSERT_TRUE(account);
  EXPECT_EQ(account->name, "alice");
  EXPECT_EQ(account->uid, 1000u);
  EXPECT_EQ(account->gid, 1001u);
  EXPECT_THAT(account->groups, ElementsAre(10, 1001));
  EXPECT_EQ(account->home, "/home/alice");
  EXPECT_EQ(account->shell, "/bin/zsh");
  EXPECT_EQ(account->tty_group, 5u);
  EXPECT_TRUE(account->change_ids);
}

TEST(ResolveAccount, ANumberWithAndWithoutAnAccount) {
  EXPECT_EQ(resolve_account("1003", files())->name, "odd");
  const auto nobody = resolve_account("4711", files());
  ASSERT_TRUE(nobody);
  EXPECT_EQ(nobody->name, "");
  EXPECT_EQ(nobody->uid, 4711u);
  EXPECT_EQ(nobody->gid, 0u);
  EXPECT_EQ(nobody->home, "/");
  EXPECT_EQ(nobody->shell, "/bin/sh");
}

TEST(ResolveAccount, ANameOfDigitsWinsOverTheNumber) {
  EXPECT_EQ(resolve_account("1000", files())->uid, 5u);
}

TEST(ResolveAccount, AnExplicitGroupIsTheOnlyOne) {
  const auto named = resolve_account("alice:staff", files());
  ASSERT_TRUE(named);
  EXPECT_EQ(named->gid, 50u);
  EXPECT_THAT(named->groups, ElementsAre(50));
  EXPECT_EQ(resolve_account("4711:815", files())->gid, 815u);
}

TEST(ResolveAccount, HomesAndShellsThatAreNoPathsGiveWayToDefaults) {
  const auto odd = resolve_account("odd", files());
  EXPECT_EQ(odd->home, "/");
  EXPECT_EQ(odd->shell, "/bin/sh");
}

TEST(ResolveAccount, NothingSaidMeansTheAgentsOwnIds) {
  const auto own = resolve_account("", files(1000));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->name, "alice");
  EXPECT_EQ(own->uid, 1000u);
  EXPECT_EQ(own->gid, 1000u);
  EXPECT_FALSE(own->change_ids);
}

TEST(ResolveAccount, UnknownNamesAreASentence) {
  EXPECT_EQ(resolve_account("mallory", files()).error(), "There is no user \"mallory\" in this box.");
  EXPECT_EQ(resolve_account("alice:nogroup", files()).error(), "There is no group \"nogroup\" in this box.");
  EXPECT_FALSE(resolve_account(":5", files()));
  EXPECT_FALSE(resolve_account("alice:", files()));
  EXPECT_FALSE(resolve_account("4294967295", files()));
}

TEST(ResolveAccount, SentencesCarryNoControlCharacters) {
  EXPECT_EQ(resolve_account("a\x1b[2J\"\n", files()).error(), "There is no user \"a?[2J??\" in this box.");
}

TEST(ResolveAccount, AnAgentWithoutPrivilegeCannotBecomeSomebodyElse) {
  EXPECT_THAT(resolve_account("root", files(1000)).error(), HasSubstr("runs as user id 1000"));
}

TEST(ResolveAccount, AnAgentWithoutPrivilegeMayStayItself) {
  auto own = files(1000);
  own.own_gid = 1001;
  const auto account = resolve_account("alice", own);
  ASSERT_TRUE(account);
  EXPECT_FALSE(account->change_ids);
}

TEST(ResolveAccount, AnImageWithoutAnyFileServesRootAndNumbers) {
  const AccountFiles none{"", "", 0, 0};
  EXPECT_TRUE(resolve_account("", none));
  EXPECT_TRUE(resolve_account("1000", none));
  EXPECT_TRUE(resolve_account("0", none));
  EXPECT_FALSE(resolve_account("root", none));
}

}  // namespace
}  // namespace fairlead::agent
