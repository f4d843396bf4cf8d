// SPDX-License-Identifier: Apache-2.0
// Every question to the policy, as a table.
#include "relay/policy.hpp"

#include <fairlead/ssh/requests.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string_view>
#include <vector>

namespace fairlead::relay {
namespace {

struct Row {
  Side from;
  Ask ask;
  const char* name;
  bool allowed;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class PolicyTable : public testing::TestWithParam<Row> {};

// A body of that request, where it has one.
std::vector<std::byte> body_of(std::string_view name) {
  if (name == "env") return ssh::EnvRequest{"LANG", "C"}.encode();
  if (name == "exec") return ssh::ExecRequest{"ls"}.encode();
  if (name == "subsystem") return ssh::SubsystemRequest{"sftp"}.encode();
  if (name == "signal") return ssh::SignalRequest{"TERM"}.encode();
  return {};
}

TEST_P(PolicyTable, IsDecidedByDefault) {
  const Row& row = GetParam();
  const auto body = body_of(row.name);
  const Decision decision = allow({}, {row.from, row.ask, row.name, body, 0});
  EXPECT_EQ(decision.allowed, row.allowed);
  EXPECT_TRUE(decision.allowed || row.ask != Ask::open_channel || !decision.text.empty())
      << "a silent refusal";
}

constexpr Row rows[] = {
    {Side::client, Ask::open_channel, "session", true},
    {Side::client, Ask::open_channel, "direct-tcpip", false},
    {Side::client, Ask::open_channel, "direct-streamlocal@openssh.com", false},
    {Side::client, Ask::open_channel, "x11", false},
    {Side::client, Ask::open_channel, "file@fairlead", false},
    {Side::client, Ask::open_channel, "", false},
    {Side::box, Ask::open_channel, "session", false},
    {Side::box, Ask::open_channel, "forwarded-tcpip", false},
    {Side::client, Ask::channel_request, "env", true},
    {Side::client, Ask::channel_request, "pty-req", true},
    {Side::client, Ask::channel_request, "window-change", true},
    {Side::client, Ask::channel_request, "shell", true},
    {Side::client, Ask::channel_request, "exec", true},
    {Side::client, Ask::channel_request, "subsystem", true},
    {Side::client, Ask::channel_request, "signal", true},
    {Side::client, Ask::channel_request, "break", true},
    {Side::client, Ask::channel_request, "eow@openssh.com", true},
    {Side::client, Ask::channel_request, "file@fairlead", false},
    {Side::client, Ask::channel_request, "x11-req", false},
    {Side::client, Ask::channel_request, "auth-agent-req@openssh.com", false},
    {Side::client, Ask::channel_request, "exit-status", false},
    {Side::client, Ask::channel_request, "setup@fairlead", false},
    {Side::box, Ask::channel_request, "exit-status", true},
    {Side::box, Ask::channel_request, "exit-signal", true},
    {Side::box, Ask::channel_request, "exec", false},
    {Side::box, Ask::channel_request, "keepalive@openssh.com", false},
    {Side::client, Ask::global_request, "tcpip-forward", false},
    {Side::client, Ask::global_request, "streamlocal-forward@openssh.com", false},
    {Side::client, Ask::global_request, "keepalive@openssh.com", false},
    {Side::client, Ask::global_request, "no-more-sessions@openssh.com", true},
    {Side::box, Ask::global_request, "no-more-sessions@openssh.com", false},
    {Side::box, Ask::global_request, "setup@fairlead", false},
};
INSTANTIATE_TEST_SUITE_P(Default, PolicyTable, testing::ValuesIn(rows));

TEST(Policy, SessionsAreCountedWhileTheyAreOpen) {
  const Policy two{.max_sessions = 2};
  EXPECT_TRUE(allow(two, {Side::client, Ask::open_channel, "session", {}, 1}).allowed);
  const Decision refused = allow(two, {Side::client, Ask::open_channel, "session", {}, 2});
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reason, ssh::OpenFailure::resource_shortage);
  EXPECT_EQ(refused.text, "Too many sessions.");
}

TEST(Policy, KeysWithoutTerminalGetNone) {
  const Policy no_terminal{.pty = false};
  EXPECT_FALSE(allow(no_terminal, {Side::client, Ask::channel_request, "pty-req", {}, 0}).allowed);
  EXPECT_TRUE(allow(no_terminal, {Side::client, Ask::channel_request, "exec", body_of("exec"), 0}).allowed);
}

TEST(Policy, AForcedCommandIsNotSteeredByVariables) {
  const Policy forced{.forced_command = "guard"};
  const auto asks = [](const char* name) { return ssh::EnvRequest{name, "x"}.encode(); };
  for (const char* name : {"LD_PRELOAD", "BASH_ENV", "PATH", "PYTHONPATH", "SSH_ORIGINAL_COMMAND", "FOO"}) {
    const auto payload = asks(name);
    EXPECT_FALSE(allow(forced, {Side::client, Ask::channel_request, "env", payload, 0}).allowed) << name;
    EXPECT_EQ(allow({}, {Side::client, Ask::channel_request, "env", payload, 0}).allowed,
              name != std::string_view("SSH_ORIGINAL_COMMAND"))
        << name;
  }
  const auto language = asks("LC_ALL");
  EXPECT_TRUE(allow(forced, {Side::client, Ask::channel_request, "env", language, 0}).allowed);
}

// CN-15.
TEST(Policy, ARefusedListenerIsTold) {
  for (const char* name : {"tcpip-forward", "streamlocal-forward@openssh.com"})
    EXPECT_EQ(allow({}, {Side::client, Ask::global_request, name, {}}).code,
              "SECURITY_REVERSE_FORWARDING_REJECTED");
  EXPECT_TRUE(allow({}, {Side::client, Ask::global_request, "cancel-tcpip-forward", {}}).code.empty());
}

TEST(Policy, WhatCannotBeUnderstoodIsRefused) {
  for (const char* name : {"env", "exec", "subsystem", "signal"}) {
    const Decision decision = allow({}, {Side::client, Ask::channel_request, name, {}, 0});
    EXPECT_FALSE(decision.allowed) << name;
    EXPECT_TRUE(decision.code.empty()) << name << " was refused by no rule";
  }
}

}  // namespace
}  // namespace fairlead::relay
