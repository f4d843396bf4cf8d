// SPDX-License-Identifier: Apache-2.0
// Sessions with a terminal.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

namespace fairlead::test {
namespace {

using testing::HasSubstr;

class TerminalTest : public AgentTest {
 protected:
  ssh::ChannelId open_terminal(std::string_view command,
                               const ssh::PtyRequest& request = {"xterm-test", {}, {}}) {
    const auto session = link().open();
    EXPECT_TRUE(link().request(session, "pty-req", request.encode()));
    if (command.empty())
      EXPECT_TRUE(link().request(session, "shell"));
    else
      EXPECT_TRUE(link().request(session, "exec", ssh::ExecRequest{std::string(command)}.encode()));
    return session;
  }
};

TEST_F(TerminalTest, HasSizeAndModesBeforeTheProgramStarts) {
  const ssh::PtyRequest request{
      "vt220", {132, 43, 0, 0}, {{1, 24}, {53, 0}, {72, 0}, {39, 1}, {128, 9600}, {129, 9600}}};
  const auto end = link().wait_end(open_terminal("stty -a; echo $TERM", request));
  EXPECT_THAT(end.out, HasSubstr("rows 43; columns 132"));
  EXPECT_THAT(end.out, HasSubstr("speed 9600 baud"));
  EXPECT_THAT(end.out, HasSubstr("intr = ^X"));
  EXPECT_THAT(end.out, HasSubstr(" -echo "));
  EXPECT_THAT(end.out, HasSubstr(" -onlcr "));
  EXPECT_THAT(end.out, HasSubstr(" ixany "));
  EXPECT_THAT(end.out, HasSubstr("vt220\n"));
  EXPECT_EQ(end.order, "reply data eof exit-status close");
}

TEST_F(TerminalTest, IsTheControllingTerminalAndHasAName) {
  const auto end = link().wait_end(open_terminal(
      "[ \"$SSH_TTY\" = \"$(tty)\" ] && echo same; : > /dev/tty && echo mine; ps -o pid=,sid=,tty= -p $$"));
  EXPECT_THAT(end.out, HasSubstr("same"));
  EXPECT_THAT(end.out, HasSubstr("mine"));
}

TEST_F(TerminalTest, WindowChangesAreSignalled) {
  const auto session =
      open_terminal("trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(link().wait_output(session, "ready"));
  link().notify(session, "window-change", ssh::WindowChangeRequest{{100, 30, 0, 0}}.encode());
  EXPECT_THAT(link().wait_end(session).out, HasSubstr("30 100"));
}

TEST_F(TerminalTest, AWindowChangeBeforeTheProgramCounts) {
  const auto session = link().open();
  EXPECT_TRUE(link().request(session, "pty-req", ssh::PtyRequest{"xterm", {}, {}}.encode()));
  EXPECT_FALSE(link().request(session, "pty-req", ssh::PtyRequest{"xterm", {}, {}}.encode()));
  EXPECT_TRUE(link().request(session, "window-change", ssh::WindowChangeRequest{{90, 20, 0, 0}}.encode()));
  EXPECT_TRUE(link().request(session, "exec", ssh::ExecRequest{"stty size"}.encode()));
  EXPECT_EQ(link().wait_end(session).out, "20 90\r\n");
}

TEST_F(TerminalTest, AShellIsALoginShellThatCanBeTypedInto) {
  const auto session = open_terminal("");
  link().send(session, "echo zero=$0 interactive=$-\n");
  ASSERT_TRUE(link().wait_output(session, "zero=-"));
  link().send(session, "exit 9\n");
  EXPECT_EQ(link().wait_end(session).exit_status, 9u);
}

TEST_F(TerminalTest, TheInterruptCharacterInterrupts) {
  const auto session =
      open_terminal("trap 'echo interrupted; exit 2' INT; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(link().wait_output(session, "ready"));
  link().send(session, "\x03");
  const auto end = link().wait_end(session);
  EXPECT_THAT(end.out, HasSubstr("interrupted"));
  EXPECT_EQ(end.exit_status, 2u);
}

TEST_F(TerminalTest, ABreakInterrupts) {
  const auto session =
      open_terminal("trap 'echo interrupted; exit 2' INT; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(link().wait_output(session, "ready"));
  EXPECT_TRUE(link().request(session, "break", ssh::as_bytes(std::string_view("\0\0\1\0", 4))));
  EXPECT_EQ(link().wait_end(session).exit_status, 2u);
}

TEST_F(TerminalTest, EofIsTheEndOfInputAndNotAHangUp) {
  auto session = open_terminal("cat; echo end");
  link().send(session, "line\n");
  link().send_eof(session);
  EXPECT_THAT(link().wait_end(session).out, HasSubstr("end\r\n"));
  session = open_terminal("cat; echo end");
  link().send(session, "no line feed");
  link().send_eof(session);
  EXPECT_THAT(link().wait_end(session).out, HasSubstr("end\r\n"));
}

TEST_F(TerminalTest, EofInRawModeAddsNothing) {
  const auto session = open_terminal("stty raw -echo; echo ready; head -c 3 | od -c; exit");
  ASSERT_TRUE(link().wait_output(session, "ready"));
  link().send(session, "ab");
  link().send_eof(session);
  EXPECT_FALSE(link().record(session).closed);
  EXPECT_EQ(link().run("echo meanwhile").out, "meanwhile\n");
  EXPECT_FALSE(link().record(session).out.contains("a   b"));
  link().close(session);
}

TEST_F(TerminalTest, TheSessionEndsWithItsProgramEvenIfAChildHoldsTheTerminal) {
  const auto end = link().wait_end(open_terminal("trap '' HUP; sleep 60 & echo gone; exit 3"));
  EXPECT_EQ(end.out, "gone\r\n");
  EXPECT_EQ(end.exit_status, 3u);
}

TEST_F(TerminalTest, NothingIsLostWhenTheProgramEndsAtOnce) {
  for (int i = 0; i < 20; ++i) {
    const auto end = link().wait_end(open_terminal("head -c 200000 /dev/zero | tr '\\0' y"));
    ASSERT_EQ(end.out.size(), 200000u);
    ASSERT_EQ(end.exit_status, 0u);
  }
}

TEST_F(TerminalTest, OutputPausedByTheWindowAtTheEndStillEnds) {
  link().hold_window(true);
  const auto session =
      open_terminal("trap '' HUP; stty -opost; sleep 60 & head -c 1048576 /dev/zero; exit 3");
  ASSERT_TRUE(link().wait([&] { return link().record(session).out.size() == std::size_t{1024} * 1024; }));
  EXPECT_EQ(link().run("true").exit_status, 0u);
  link().hold_window(false);
  link().release_window();
  EXPECT_EQ(link().wait_end(session).exit_status, 3u);
}

TEST_F(TerminalTest, ClosingTheChannelHangsUp) {
  const TemporaryDirectory directory;
  const auto file = directory / "file";
  const auto session =
      open_terminal("trap 'echo hung up > " + file + "; exit' HUP; echo ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(link().wait_output(session, "ready"));
  const auto witness = link().start("until [ -s " + file + " ]; do sleep 0.02; done; cat " + file);
  link().close(session);
  EXPECT_EQ(link().wait_end(witness).out, "hung up\n");
}

}  // namespace
}  // namespace fairlead::test
