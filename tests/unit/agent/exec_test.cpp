// SPDX-License-Identifier: Apache-2.0
// Programs from their start to their end: status, signals, output without loss, the order of ends.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <sys/resource.h>
#include <unistd.h>

namespace fairlead::test {
namespace {

using testing::HasSubstr;

using ExecTest = AgentTest;

TEST_F(ExecTest, EveryExitStatusIsToldAsItIs) {
  for (std::uint32_t status = 0; status < 256; ++status)
    ASSERT_EQ(link().run("exit " + std::to_string(status)).exit_status, status);
}

TEST_F(ExecTest, AKilledProgramIsAnExitSignal) {
  for (const auto* name : {"KILL", "TERM", "SEGV", "USR1", "HUP"}) {
    const auto end = link().run("ulimit -c 0; kill -" + std::string(name) + " $$");
    ASSERT_TRUE(end.exit_signal) << name;
    EXPECT_EQ(end.exit_signal->name, name);
    EXPECT_FALSE(end.exit_status);
    EXPECT_EQ(end.order, "reply eof exit-signal close");
  }
}

TEST_F(ExecTest, StandardErrorIsApart) {
  const auto end = link().run("echo out; echo err >&2; echo more");
  EXPECT_EQ(end.out, "out\nmore\n");
  EXPECT_EQ(end.err, "err\n");
}

TEST_F(ExecTest, TheReplyComesFirstAndTheEndsInOrder) {
  EXPECT_EQ(link().run("echo hi; exit 3").order, "reply data eof exit-status close");
}

TEST_F(ExecTest, NothingIsLostWhenTheProgramEndsAtOnce) {
  for (int i = 0; i < 50; ++i) {
    const auto end = link().run("head -c 300000 /dev/zero | tr '\\0' x; exit 7");
    ASSERT_EQ(end.out.size(), 300000u);
    ASSERT_EQ(end.out.find_first_not_of('x'), std::string::npos);
    ASSERT_EQ(end.exit_status, 7u);
  }
}

TEST_F(ExecTest, AChildInTheBackgroundKeepsTheSessionOpenWhileItHoldsTheOutput) {
  const TemporaryDirectory directory;
  const auto fifo = directory / "fifo";
  const auto session = link().start("mkfifo " + fifo + "; cat " + fifo + " & echo early; exit 3");
  link().send_eof(session);
  ASSERT_TRUE(link().wait_output(session, "early\n"));
  EXPECT_EQ(link().run("echo late > " + fifo).exit_status, 0u);
  const auto end = link().wait_end(session);
  EXPECT_EQ(end.out, "early\nlate\n");
  EXPECT_EQ(end.exit_status, 3u);
}

TEST_F(ExecTest, AChildThatLetGoOfTheOutputDoesNotKeepTheSession) {
  EXPECT_EQ(link().run("sleep 60 >/dev/null 2>&1 & echo done").out, "done\n");
}

TEST_F(ExecTest, TwentyProgramsAtOnce) {
  std::vector<ssh::ChannelId> sessions;
  for (int i = 0; i < 20; ++i)
    sessions.push_back(
        link().start("echo ready; read line; head -c 100000 /dev/zero; exit " + std::to_string(i)));
  for (const auto session : sessions) ASSERT_TRUE(link().wait_output(session, "ready\n"));
  for (const auto session : sessions) link().send(session, "go\n");
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto end = link().wait_end(sessions[i]);
    EXPECT_EQ(end.exit_status, i);
    EXPECT_EQ(end.out.size(), 100006u);
  }
}

TEST_F(ExecTest, OneProgramPerChannel) {
  const auto session = link().start("cat");
  EXPECT_FALSE(link().request(session, "exec", ssh::ExecRequest{"echo second"}.encode()));
  EXPECT_FALSE(link().request(session, "shell"));
  EXPECT_FALSE(link().request(session, "env", ssh::EnvRequest{"A", "b"}.encode()));
  EXPECT_FALSE(link().request(session, "pty-req", ssh::PtyRequest{"xterm", {}, {}}.encode()));
  EXPECT_FALSE(link().request(session, "window-change", ssh::WindowChangeRequest{}.encode()));
  link().send(session, "still here");
  link().send_eof(session);
  EXPECT_EQ(link().wait_end(session).out, "still here");
}

TEST_F(ExecTest, WhatDoesNotDecodeIsRefused) {
  const auto session = link().open();
  for (const auto* name : {"exec", "env", "pty-req", "signal", "subsystem", "window-change"})
    EXPECT_FALSE(link().request(session, name, ssh::as_bytes("\xff\xff\xff"))) << name;
  EXPECT_FALSE(link().request(session, "shell", ssh::as_bytes("x")));
  for (const auto* name : {"auth-agent-req@openssh.com", "x11-req", "xon-xoff", "eow@openssh.com", "break"})
    EXPECT_FALSE(link().request(session, name)) << name;
  EXPECT_TRUE(link().request(session, "exec", ssh::ExecRequest{"true"}.encode()));
}

TEST_F(ExecTest, SignalsReachTheProgramsGroup) {
  const auto session =
      link().start("trap 'echo caught; exit 7' TERM; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(link().wait_output(session, "ready\n"));
  EXPECT_FALSE(link().request(session, "signal", ssh::SignalRequest{"STOP"}.encode()));
  EXPECT_TRUE(link().request(session, "signal", ssh::SignalRequest{"TERM"}.encode()));
  const auto end = link().wait_end(session);
  EXPECT_EQ(end.out, "ready\ncaught\n");
  EXPECT_EQ(end.exit_status, 7u);
}

// CN-17: `ssh host yes | head -1` ends on the other side too.
TEST_F(ExecTest, AProgramWhoseOutputNobodyReadsGetsSigpipe) {
  const auto session = link().start("echo ready; read go; while :; do echo more; done");
  ASSERT_TRUE(link().wait_output(session, "ready\n"));
  EXPECT_TRUE(link().request(session, "eow@openssh.com"));
  link().send(session, "go\n");
  const auto end = link().wait_end(session);
  EXPECT_EQ(end.out, "ready\n");
  ASSERT_TRUE(end.exit_signal);
  EXPECT_EQ(end.exit_signal->name, "PIPE");
}

TEST_F(ExecTest, ASignalWithoutAProgramIsRefused) {
  EXPECT_FALSE(link().request(link().open(), "signal", ssh::SignalRequest{"TERM"}.encode()));
}

TEST_F(ExecTest, ProgramsStartWithDefaultSignalsAndNothingButTheirDescriptors) {
  const auto status = link().run("cat /proc/self/status").out;
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("SigIgn:\t0000000000000000"));
  EXPECT_EQ(link().run("ls /proc/self/fd | tr '\\n' ' '").out, "0 1 2 3 ");  // 3 is ls's own
}

TEST_F(ExecTest, ProgramsReadingNoOutputWindowAreStoppedAndNothingIsLost) {
  link().hold_window(true);
  const auto session = link().start("head -c 3000000 /dev/zero; exit 4");
  ASSERT_TRUE(link().wait([&] { return link().record(session).out.size() == std::size_t{1024} * 1024; }));
  EXPECT_EQ(link().run("echo another").out, "another\n");  // on a channel with a window of its own
  EXPECT_EQ(link().record(session).out.size(), std::size_t{1024} * 1024);
  link().hold_window(false);
  link().release_window();
  const auto end = link().wait_end(session);
  EXPECT_EQ(end.out.size(), 3000000u);
  EXPECT_EQ(end.exit_status, 4u);
}

TEST_F(ExecTest, OnlySessionsCanBeOpened) {
  const auto forward = link().record(link().open("direct-tcpip"));
  EXPECT_EQ(forward.refused, ssh::OpenFailure::administratively_prohibited);
  EXPECT_EQ(forward.refusal, "port forwarding is not enabled");
  EXPECT_EQ(link().record(link().open("weather")).refused, ssh::OpenFailure::unknown_channel_type);
}

TEST_F(ExecTest, ClosingTheChannelHangsTheProgramUp) {
  const TemporaryDirectory directory;
  const auto file = directory / "file";
  const auto session =
      link().start("trap 'echo hung up > " + file + "; exit' HUP; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(link().wait_output(session, "ready\n"));
  const auto witness = link().start("until [ -s " + file + " ]; do sleep 0.02; done; cat " + file);
  link().close(session);
  EXPECT_TRUE(link().wait_end(session).closed);
  EXPECT_EQ(link().wait_end(witness).out, "hung up\n");
}

TEST(ExecLimits, AFullProcessTableIsASentence) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to become a user without processes";
  AgentOptions options;
  options.prepare = [] {
    const rlimit one{1, 1};
    return ::setrlimit(RLIMIT_NPROC, &one) == 0 && ::setgid(54321) == 0 && ::setuid(54321) == 0;
  };
  AgentProcess agent(options);
  ASSERT_TRUE(agent.link().setup({}));
  const auto end = agent.link().run("true");
  EXPECT_EQ(end.err,
            "fairlead: The program cannot be started: this box has reached its limit of processes.\n");
  EXPECT_EQ(end.exit_status, 126u);
  EXPECT_EQ(end.order, "reply data eof exit-status close");
}

}  // namespace
}  // namespace fairlead::test
