// SPDX-License-Identifier: Apache-2.0
// core.md sections 8.2 and 8.5 as tables: what the security section lets a client ask for.
#include "relay/make_policy.hpp"

#include <fairlead/ssh/requests.hpp>

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::relay {
namespace {

using config::Mode;
using config::Rule;
using config::Security;

std::vector<std::byte> body_of(std::string_view request, const std::string& name) {
  if (request == "env") return ssh::EnvRequest{name, "value"}.encode();
  if (request == "exec") return ssh::ExecRequest{name}.encode();
  if (request == "subsystem") return ssh::SubsystemRequest{name}.encode();
  if (request == "signal") return ssh::SignalRequest{name}.encode();
  return {};
}

Decision ask(const Policy& policy, std::string_view request, const std::string& name = {}) {
  const auto body = body_of(request, name);
  return allow(policy, {Side::client, Ask::channel_request, request, body, 0});
}

struct Row {
  const char* what;
  Security security;
  const char* request;
  const char* name;
  std::string_view code;  // empty: allowed
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.what << ": " << row.request << ' ' << row.name;
}

constexpr std::string_view allowed;
const Rule enable{Mode::enable, {}, {}}, filter{Mode::filter, {}, {}}, disable{Mode::disable, {}, {}};
const Rule only_a{Mode::filter, {"A"}, {}}, not_b{Mode::enable, {}, {"B"}},
    both_a{Mode::filter, {"A"}, {"A"}};
const Rule only_bash{Mode::filter, {"/bin/bash"}, {}}, only_sftp{Mode::filter, {"sftp"}, {}};
const Rule only_term{Mode::filter, {"TERM"}, {}}, not_kill{Mode::enable, {}, {"KILL"}};
const Rule only_int{Mode::filter, {"INT"}, {}}, denied_off{Mode::disable, {"A"}, {}};
const Security shell_alone{.default_mode = Mode::disable, .shell = enable};
const Security default_filter{.default_mode = Mode::filter, .env = {Mode::inherit, {"A"}, {}}};

class Rules : public testing::TestWithParam<Row> {};

TEST_P(Rules, DecideAsDocumented) {
  const Row& row = GetParam();
  const Decision decision = ask(make_policy(row.security, {}), row.request, row.name);
  EXPECT_EQ(decision.allowed, row.code.empty());
  EXPECT_EQ(decision.code, row.code);
  EXPECT_EQ(decision.text.empty(), row.code.empty()) << "a refusal says why";
}

const Row rows[] = {
    {"by default", {}, "env", "A", allowed},
    {"by default", {}, "pty-req", "", allowed},
    {"by default", {}, "exec", "ls", allowed},
    {"by default", {}, "shell", "", allowed},
    {"by default", {}, "subsystem", "sftp", allowed},
    {"by default", {}, "signal", "TERM", allowed},
    {"8.1", {.env = only_a}, "env", "A", allowed},
    {"8.1", {.env = only_a}, "env", "B", "SECURITY_ENV_REJECTED"},
    {"8.1, exactly", {.env = only_a}, "env", "a", "SECURITY_ENV_REJECTED"},
    {"8.1, exactly", {.env = only_a}, "env", "AA", "SECURITY_ENV_REJECTED"},
    {"8.2", {.env = not_b}, "env", "A", allowed},
    {"8.2", {.env = not_b}, "env", "B", "SECURITY_ENV_REJECTED"},
    {"8.3", {.env = both_a}, "env", "A", allowed},
    {"a list does not enable", {.env = denied_off}, "env", "A", "SECURITY_ENV_REJECTED"},
    {"8.4", {.command = only_bash}, "exec", "/bin/bash", allowed},
    {"8.4", {.command = only_bash}, "exec", "/bin/bash -l", "SECURITY_EXEC_REJECTED"},
    {"8.4, a shell is no command", {.command = only_bash}, "shell", "", allowed},
    {"8.5", {.shell = filter}, "shell", "", "SECURITY_SHELL_REJECTED"},
    {"8.6", {.tty = filter}, "pty-req", "", "SECURITY_TTY_REJECTED"},
    {"8.6", {.tty = filter}, "shell", "", allowed},
    {"tty disabled", {.tty = disable}, "pty-req", "", "SECURITY_TTY_REJECTED"},
    {"8.7", {.subsystem = only_sftp}, "subsystem", "sftp", allowed},
    {"8.7", {.subsystem = only_sftp}, "subsystem", "foo", "SECURITY_SUBSYSTEM_REJECTED"},
    {"8.8", shell_alone, "shell", "", allowed},
    {"8.8", shell_alone, "exec", "ls", "SECURITY_EXEC_REJECTED"},
    {"8.8", shell_alone, "env", "A", "SECURITY_ENV_REJECTED"},
    {"8.8, the rest", shell_alone, "pty-req", "", "SECURITY_TTY_REJECTED"},
    {"8.8, the rest", shell_alone, "subsystem", "sftp", "SECURITY_SUBSYSTEM_REJECTED"},
    {"8.8, the rest", shell_alone, "signal", "TERM", "SECURITY_SIGNAL_REJECTED"},
    {"8.8, the rest", shell_alone, "break", "", "SECURITY_SIGNAL_REJECTED"},
    {"8.8, the rest", shell_alone, "x11-req", "", "SECURITY_X11_FORWARDING_REJECTED"},
    {"8.8, always allowed", shell_alone, "window-change", "", allowed},
    {"8.8, an end as EOF is", shell_alone, "eow@openssh.com", "", allowed},
    {"default filter", default_filter, "env", "A", allowed},
    {"default filter", default_filter, "exec", "ls", "SECURITY_EXEC_REJECTED"},
    {"default filter", default_filter, "shell", "", "SECURITY_SHELL_REJECTED"},
    // W8.2: the signals' own mode, and not the shell's.
    {"8.15", {.signal = disable}, "signal", "TERM", "SECURITY_SIGNAL_REJECTED"},
    {"W8.2", {.shell = disable}, "signal", "TERM", allowed},
    {"signals filtered", {.signal = only_term}, "signal", "TERM", allowed},
    {"signals filtered", {.signal = only_term}, "signal", "INT", "SECURITY_SIGNAL_REJECTED"},
    {"signals filtered", {.signal = only_term}, "break", "", "SECURITY_SIGNAL_REJECTED"},
    {"signals filtered", {.signal = only_int}, "break", "", allowed},
    {"signals denied", {.signal = not_kill}, "signal", "KILL", "SECURITY_SIGNAL_REJECTED"},
    {"signals denied", {.signal = not_kill}, "signal", "TERM", allowed},
    // W8.5: in whatever mode.
    {"W8.5", {}, "env", "SSH_ORIGINAL_COMMAND", "SECURITY_ENV_REJECTED"},
    {"W8.5",
     {.env = {Mode::filter, {"SSH_ORIGINAL_COMMAND"}, {}}},
     "env",
     "SSH_ORIGINAL_COMMAND",
     "SECURITY_ENV_REJECTED"},
    // CN-13: only what the operator names steers a forced command, and the language.
    {"forced", {.force_command = "w"}, "env", "LD_PRELOAD", "SECURITY_ENV_REJECTED"},
    {"forced", {.force_command = "w"}, "env", "A", "SECURITY_ENV_REJECTED"},
    {"forced", {.force_command = "w"}, "env", "LC_ALL", allowed},
    {"forced", {.force_command = "w", .env = only_a}, "env", "A", allowed},
    {"forced", {.force_command = "w", .env = only_a}, "env", "LC_ALL", "SECURITY_ENV_REJECTED"},
    {"forced", {.force_command = "w", .env = not_b}, "env", "A", "SECURITY_ENV_REJECTED"},
    // 8.12: the modes are asked about what the client wanted.
    {"8.12", {.force_command = "w", .command = disable}, "exec", "ls", "SECURITY_EXEC_REJECTED"},
    {"8.12", {.force_command = "w", .command = disable}, "shell", "", allowed},
};
INSTANTIATE_TEST_SUITE_P(Chapter8, Rules, testing::ValuesIn(rows));

// services.md section 9: what is not enabled stays off, for every request that there is.
TEST(MakePolicy, DisabledMeansEverythingThatIsNotNamed) {
  const Policy policy = make_policy({.default_mode = Mode::disable}, {});
  for (const char* request : {"env", "pty-req", "shell", "exec", "subsystem", "signal", "break", "x11-req",
                              "auth-agent-req@openssh.com", "auth-agent-req", "xon-xoff", "no-such-request"})
    EXPECT_FALSE(ask(policy, request, "TERM").allowed) << request;
}

TEST(MakePolicy, ALongListIsExact) {
  Rule rule{Mode::filter, {}, {}};
  for (int i = 0; i < 5000; ++i) rule.allow.push_back("V" + std::to_string(i));
  const Policy policy = make_policy({.env = rule}, {});
  EXPECT_TRUE(ask(policy, "env", "V4999").allowed);
  EXPECT_FALSE(ask(policy, "env", "V5000").allowed);
}

TEST(MakePolicy, SessionsAreUnlimitedUnlessSaid) {
  const auto open = [](const Security& security, std::size_t others) {
    return allow(make_policy(security, {}), {Side::client, Ask::open_channel, "session", {}, others});
  };
  EXPECT_TRUE(open({}, 1'000'000).allowed);
  EXPECT_TRUE(open({.max_sessions = 1}, 0).allowed);
  const Decision refused = open({.max_sessions = 0}, 0);  // W8.1: none at all can be said
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.reason, ssh::OpenFailure::resource_shortage);
  EXPECT_EQ(refused.text, "Too many sessions.");
  EXPECT_EQ(refused.code, "SECURITY_MAX_SESSIONS");
}

TEST(MakePolicy, AKeyAndTheSectionBothMustAllow) {
  auth::Permissions no_terminal;
  no_terminal.pty = false;
  EXPECT_FALSE(make_policy({}, no_terminal).pty);
  EXPECT_FALSE(make_policy({.tty = disable}, {}).pty);
  EXPECT_TRUE(make_policy({}, {}).pty);
}

TEST(MakePolicy, TheSectionsCommandGoesBeforeTheKeys) {
  auth::Permissions key;
  key.forced_command = "key's";
  EXPECT_EQ(make_policy({}, {}).forced_command, std::nullopt);
  EXPECT_EQ(make_policy({}, key).forced_command, "key's");
  EXPECT_EQ(make_policy({.force_command = "section's"}, key).forced_command, "section's");
}

}  // namespace
}  // namespace fairlead::relay
