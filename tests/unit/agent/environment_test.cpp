// SPDX-License-Identifier: Apache-2.0
// Who sets which variable, and who wins.
#include "agent/environment.hpp"

#include <gmock/gmock.h>

namespace fairlead::agent {
namespace {

using testing::Contains;
using testing::Key;
using testing::Not;
using testing::Pair;

Account alice() {
  Account account;
  account.name = "alice";
  account.home = "/home/alice";
  account.shell = "/bin/zsh";
  return account;
}

TEST(InheritedEnvironment, LeavesOutWhatDescribesAnotherSession) {
  const char* const variables[] = {"PATH=/x", "TERM=dumb", "SSH_CLIENT=1", "SSH_AUTH_SOCK=/s",
                                   "EMPTY=",  "broken",    "=odd",         "A=b=c",
                                   nullptr};
  EXPECT_THAT(inherited_environment(variables),
              testing::UnorderedElementsAre(Pair("PATH", "/x"), Pair("EMPTY", ""), Pair("A", "b=c")));
}

TEST(MakeEnvironment, DescribesTheAccount) {
  const auto made = make_environment({{"USER", "root"}, {"HOME", "/root"}}, {}, alice(), {});
  EXPECT_THAT(made, Contains(Pair("USER", "alice")));
  EXPECT_THAT(made, Contains(Pair("LOGNAME", "alice")));
  EXPECT_THAT(made, Contains(Pair("HOME", "/home/alice")));
  EXPECT_THAT(made, Contains(Pair("SHELL", "/bin/zsh")));
  EXPECT_THAT(made, Contains(Pair("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")));
  for (const auto* name : {"TERM", "SSH_TTY", "SSH_CLIENT", "SSH_CONNECTION", "SSH_ORIGINAL_COMMAND"})
    EXPECT_THAT(made, Not(Contains(Key(name)))) << name;
}

TEST(MakeEnvironment, TheClientWinsOverTheConfigurationWinsOverTheImage) {
  link::Setup setup;
  setup.environment = {{"A", "configured"}, {"B", "configured"}, {"HOME", "/data"}};
  const ClientEnvironment client{
      .variables = {{"A", "client"}, {"A", "client again"}}, .term = {}, .tty_name = {}};
  const auto made = make_environment({{"A", "image"}, {"B", "image"}, {"C", "image"}, {"PATH", "/image"}},
                                     setup, alice(), client);
  EXPECT_THAT(made, Contains(Pair("A", "client again")));
  EXPECT_THAT(made, Contains(Pair("B", "configured")));
  EXPECT_THAT(made, Contains(Pair("C", "image")));
  EXPECT_THAT(made, Contains(Pair("PATH", "/image")));
  EXPECT_THAT(made, Contains(Pair("HOME", "/data")));
}

TEST(MakeEnvironment, WhatIsFixedWinsOverTheClient) {
  link::Setup setup;
  setup.environment = {{"A", "configured"}};
  setup.fixed_environment = {{"A", "fixed"}, {"HOME", "/fixed"}, {"TERM", "fixed"}};
  const ClientEnvironment client{.variables = {{"A", "client"}}, .term = "xterm", .tty_name = {}};
  const auto made = make_environment({}, setup, alice(), client);
  EXPECT_THAT(made, Contains(Pair("A", "fixed")));
  EXPECT_THAT(made, Contains(Pair("HOME", "/fixed")));
  EXPECT_THAT(made, Contains(Pair("TERM", "xterm"))) << "a fact";
}

TEST(MakeEnvironment, FactsOfTheSessionWinOverEverything) {
  link::Setup setup;
  setup.client_address = "192.0.2.7";
  setup.client_port = 50000;
  setup.server_address = "198.51.100.1";
  setup.server_port = 2222;
  const ClientEnvironment client{
      .variables = {{"SSH_CLIENT", "forged"}, {"TERM", "forged"}}, .term = "xterm", .tty_name = "/dev/pts/3"};
  const auto made = make_environment({}, setup, alice(), client);
  EXPECT_THAT(made, Contains(Pair("SSH_CLIENT", "192.0.2.7 50000 2222")));
  EXPECT_THAT(made, Contains(Pair("SSH_CONNECTION", "192.0.2.7 50000 198.51.100.1 2222")));
  EXPECT_THAT(made, Contains(Pair("SSH_TTY", "/dev/pts/3")));
  EXPECT_THAT(made, Contains(Pair("TERM", "xterm")));
}

TEST(MakeEnvironment, WithoutAnAccountTheLoginNameIsTheUser) {
  link::Setup setup;
  Account nobody;
  nobody.uid = 4711;
  EXPECT_THAT(make_environment({}, setup, nobody, {}), Contains(Pair("USER", "4711")));
  setup.login_name = "bob";
  EXPECT_THAT(make_environment({}, setup, nobody, {}), Contains(Pair("USER", "bob")));
}

TEST(EnvironmentStrings, AreAsExecveWantsThem) {
  EXPECT_THAT(environment_strings({{"A", "1"}, {"B", ""}}), testing::ElementsAre("A=1", "B="));
}

}  // namespace
}  // namespace fairlead::agent
