// SPDX-License-Identifier: Apache-2.0
// Bodies of requests: there and back, cut at every byte, with a byte too many, with values that are not
// allowed.
#include "unit/protocol/bodies.hpp"

#include <fairlead/ssh/limits.hpp>

#include <string>

namespace fairlead::ssh::test {
namespace {

using std::string_view;

TEST(Requests, BodiesAreStrict) {
  expect_strict(EnvRequest{"LANG", "C.UTF-8"});
  expect_strict(PtyRequest{"xterm-256color", {132, 50, 1, 2}, {{53, 1}, {128, 38400}}});
  expect_strict(WindowChangeRequest{{100, 40, 0, 0}});
  expect_strict(ExecRequest{"echo hi"});
  expect_strict(SubsystemRequest{"sftp"});
  expect_strict(SignalRequest{"TERM"});
  expect_strict(ExitStatusRequest{0xffffffff});
  expect_strict(ExitSignalRequest{"KILL", true, "killed"});
  expect_strict(X11Request{true, "MIT-MAGIC-COOKIE-1", "00112233445566778899aabbccddeeff", 0});
  expect_strict(BreakRequest{1000});
  expect_strict(XonXoffRequest{true});
  expect_strict(ShellRequest{});
  expect_strict(AgentForwardRequest{});
  expect_strict(EndOfWriteRequest{});
  expect_strict(KeepaliveRequest{});
}

TEST(Requests, TypesAreKnownByName) {
  EXPECT_EQ(request_type("env"), RequestType::env);
  EXPECT_EQ(request_type("pty-req"), RequestType::pty_req);
  EXPECT_EQ(request_type("window-change"), RequestType::window_change);
  EXPECT_EQ(request_type("shell"), RequestType::shell);
  EXPECT_EQ(request_type("exec"), RequestType::exec);
  EXPECT_EQ(request_type("subsystem"), RequestType::subsystem);
  EXPECT_EQ(request_type("signal"), RequestType::signal);
  EXPECT_EQ(request_type("exit-status"), RequestType::exit_status);
  EXPECT_EQ(request_type("exit-signal"), RequestType::exit_signal);
  EXPECT_EQ(request_type("x11-req"), RequestType::x11_req);
  EXPECT_EQ(request_type("auth-agent-req@openssh.com"), RequestType::auth_agent_req);
  EXPECT_EQ(request_type("agent-req"), RequestType::auth_agent_req);
  EXPECT_EQ(request_type("break"), RequestType::line_break);
  EXPECT_EQ(request_type("xon-xoff"), RequestType::xon_xoff);
  EXPECT_EQ(request_type("eow@openssh.com"), RequestType::eow);
  EXPECT_EQ(request_type("keepalive@openssh.com"), RequestType::keepalive);
  EXPECT_EQ(request_type("tcpip-forward"), RequestType::tcpip_forward);
  EXPECT_EQ(request_type("cancel-tcpip-forward"), RequestType::cancel_tcpip_forward);
  EXPECT_EQ(request_type("streamlocal-forward@openssh.com"), RequestType::streamlocal_forward);
  EXPECT_EQ(request_type("cancel-streamlocal-forward@openssh.com"), RequestType::cancel_streamlocal_forward);
  EXPECT_EQ(request_type("no-more-sessions@openssh.com"), RequestType::no_more_sessions);
  EXPECT_EQ(request_type("hostkeys-00@openssh.com"), RequestType::host_keys);
  EXPECT_EQ(request_type("hostkeys-prove-00@openssh.com"), RequestType::host_keys_prove);
  EXPECT_EQ(request_type("eow"), RequestType::other);
  EXPECT_EQ(request_type("Shell"), RequestType::other);
  EXPECT_EQ(request_type(""), RequestType::other);
}

bool env_accepted(string_view name, string_view value = "x") {
  return EnvRequest::decode(EnvRequest{std::string(name), std::string(value)}.encode()).has_value();
}

TEST(Requests, EnvironmentNamesAndValuesAreChecked) {
  EXPECT_TRUE(env_accepted("_a1", ""));
  EXPECT_TRUE(env_accepted(std::string(limits::environment_name, 'A')));
  EXPECT_FALSE(env_accepted(std::string(limits::environment_name + 1, 'A')));
  EXPECT_TRUE(env_accepted("A", std::string(limits::environment_value, 'v')));
  EXPECT_FALSE(env_accepted("A", std::string(limits::environment_value + 1, 'v')));
  EXPECT_TRUE(env_accepted("A", "ünïcode\n=\x1b"));
  for (const string_view name : {"", "1A", "A=B", "A B", "A-B", "Ä", "A\n", "LD_PRELOAD;"})
    EXPECT_FALSE(env_accepted(name)) << name;
  EXPECT_FALSE(env_accepted(string_view("A\0", 2)));
  EXPECT_FALSE(env_accepted("A", string_view("a\0b", 3)));
}

Result<PtyRequest> pty(string_view term, TerminalSize size, Bytes modes) {
  return PtyRequest::decode(make_message([&](WireWriter& w) {
    w.string(term).u32(size.columns).u32(size.rows).u32(size.width_px).u32(size.height_px).string(modes);
  }));
}

TEST(Requests, TerminalSizeIsMadeSensible) {
  const auto zero = pty("vt100", {0, 0, 0, 0}, {});
  ASSERT_TRUE(zero);
  EXPECT_EQ(zero->size.columns, 80U);
  EXPECT_EQ(zero->size.rows, 24U);
  EXPECT_EQ(zero->size.width_px, 0U);
  const auto huge = pty("vt100", {0xffffffff, 65536, 70000, 65535}, {});
  ASSERT_TRUE(huge);
  EXPECT_EQ(huge->size.columns, 65535U);
  EXPECT_EQ(huge->size.rows, 65535U);
  EXPECT_EQ(huge->size.width_px, 65535U);
  EXPECT_EQ(huge->size.height_px, 65535U);
  const auto change =
      WindowChangeRequest::decode(make_message([](WireWriter& w) { w.u32(0).u32(70000).u32(0).u32(0); }));
  ASSERT_TRUE(change);
  EXPECT_EQ(change->size.columns, 80U);
  EXPECT_EQ(change->size.rows, 65535U);
}

TEST(Requests, TerminalNamesAreChecked) {
  for (const string_view good : {"", "xterm-256color", "screen.xterm+x_y"})
    EXPECT_TRUE(pty(good, {}, {})) << good;
  EXPECT_TRUE(pty(std::string(limits::terminal_name, 'a'), {}, {}));
  EXPECT_FALSE(pty(std::string(limits::terminal_name + 1, 'a'), {}, {}));
  for (const string_view bad : {"a b", "../x", "a;b", "$(x)", "a\n", "ü"})
    EXPECT_FALSE(pty(bad, {}, {})) << bad;
}

TEST(Requests, TerminalModesStopAtTheEndAtUnknownOpcodesAndWhenCutOff) {
  const auto modes = [](Bytes encoded) { return pty("vt100", {}, encoded)->modes; };
  const auto two =
      make_message([](WireWriter& w) { w.byte(53).u32(1).byte(159).u32(7).byte(0).byte(1).u32(9); });
  EXPECT_EQ(modes(two), (std::vector<std::pair<std::uint8_t, std::uint32_t>>{{53, 1}, {159, 7}}));
  EXPECT_EQ(
      modes(make_message([](WireWriter& w) { w.byte(53).u32(1).byte(160).u32(7).byte(1).u32(9); })).size(),
      1U);
  EXPECT_EQ(modes(make_message([](WireWriter& w) { w.byte(53).u32(1).byte(54).byte(0).byte(0); })).size(),
            1U);
  EXPECT_TRUE(modes({}).empty());
  const auto many = make_message([](WireWriter& w) {
    for (std::size_t i = 0; i < limits::terminal_modes + 1; ++i) w.byte(1).u32(1);
  });
  EXPECT_TRUE(pty("vt100", {}, Bytes(many).first(limits::terminal_modes * 5)));
  EXPECT_FALSE(pty("vt100", {}, many));
}

TEST(Requests, CommandsMayHoldAnythingButNul) {
  const auto exec = [](string_view command) {
    return ExecRequest::decode(ExecRequest{std::string(command)}.encode());
  };
  EXPECT_TRUE(exec(""));
  EXPECT_EQ(exec("printf '\xff\n'; \"x\"")->command, "printf '\xff\n'; \"x\"");
  EXPECT_FALSE(exec(string_view("true\0rm", 7)));
}

TEST(Requests, SubsystemNamesAreChecked) {
  const auto good = [](string_view name) {
    return SubsystemRequest::decode(SubsystemRequest{std::string(name)}.encode()).has_value();
  };
  EXPECT_TRUE(good("sftp"));
  EXPECT_TRUE(good("my-subsystem@example.com"));
  EXPECT_TRUE(good(std::string(limits::request_name, 'x')));
  EXPECT_FALSE(good(std::string(limits::request_name + 1, 'x')));
  for (const string_view bad : {"", "a b", "a,b", "a\n", "\x7f", "ü"}) EXPECT_FALSE(good(bad)) << bad;
}

TEST(Requests, SignalsAreThoseOfTheRfc) {
  const auto good = [](string_view name) {
    return SignalRequest::decode(SignalRequest{std::string(name)}.encode()).has_value();
  };
  for (const string_view name :
       {"ABRT", "ALRM", "FPE", "HUP", "ILL", "INT", "KILL", "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2"})
    EXPECT_TRUE(good(name)) << name;
  for (const string_view name : {"", "SIGTERM", "term", "STOP", "9", "TERM ", "WINCH@openssh.com"})
    EXPECT_FALSE(good(name)) << name;
}

TEST(Requests, ExitSignalsMayBeOnesOwn) {
  const auto own =
      ExitSignalRequest::decode(ExitSignalRequest{"SYS@example.com", false, "bad system call"}.encode());
  ASSERT_TRUE(own);
  EXPECT_EQ(own->name, "SYS@example.com");
  EXPECT_EQ(own->message, "bad system call");
  EXPECT_FALSE(own->core_dumped);
  EXPECT_FALSE(ExitSignalRequest::decode(ExitSignalRequest{"a b", false, ""}.encode()));
  EXPECT_FALSE(ExitSignalRequest::decode(ExitSignalRequest{"", false, ""}.encode()));
}

// CVE-2016-3115: a line feed in the cookie was a second command for xauth(1).
TEST(Requests, X11CookiesAreDigitsAndProtocolsAreWords) {
  const auto good = [](string_view protocol, string_view cookie, std::uint32_t screen = 0) {
    return accepted(X11Request{false, std::string(protocol), std::string(cookie), screen});
  };
  EXPECT_TRUE(good("XDM-AUTHORIZATION-1", "0aF9"));
  EXPECT_TRUE(good(std::string(limits::request_name, 'x'), std::string(limits::x11_cookie, '0')));
  EXPECT_FALSE(good(std::string(limits::request_name + 1, 'x'), "00"));
  EXPECT_FALSE(good("x", std::string(limits::x11_cookie + 2, '0')));
  EXPECT_TRUE(good("x", "00", limits::x11_screen));
  EXPECT_FALSE(good("x", "00", limits::x11_screen + 1));
  for (const string_view cookie : {"", "0", "0g", "00\n", "00\nsource /etc/shadow\n", "00 11", "$(id)0"})
    EXPECT_FALSE(good("x", cookie)) << cookie;
  for (const string_view protocol : {"", "a b", "a\n", "a;b", "-x\"", "\xc3\xbc"})
    EXPECT_FALSE(good(protocol, "00")) << protocol;
}

// RFC 4335 section 3.
TEST(Requests, BreaksLastHalfASecondToThree) {
  const auto length = [](std::uint32_t milliseconds) {
    return BreakRequest::decode(BreakRequest{milliseconds}.encode())->milliseconds;
  };
  EXPECT_EQ(length(0), 500U);
  EXPECT_EQ(length(499), 500U);
  EXPECT_EQ(length(501), 501U);
  EXPECT_EQ(length(3000), 3000U);
  EXPECT_EQ(length(0xffffffff), 3000U);
}

}  // namespace
}  // namespace fairlead::ssh::test
