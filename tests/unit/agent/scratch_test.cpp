// SPDX-License-Identifier: Apache-2.0
// The agent in an image with nothing in it but itself.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

namespace fairlead::test {
namespace {

class ScratchTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root for chroot";
    std::filesystem::copy_file(FAIRLEAD_AGENT, root_ / "agent");
    AgentOptions options;
    options.program = "/agent";
    options.prepare = [this] { return ::chroot(root_.path().c_str()) == 0 && ::chdir("/") == 0; };
    agent_.emplace(options);
  }
  LinkClient& link() { return agent_->link(); }

  TemporaryDirectory root_;
  std::optional<AgentProcess> agent_;
};

TEST_F(ScratchTest, PlainCommandsRun) {
  ASSERT_TRUE(link().setup({}));
  const auto end = link().run("/agent --version");
  EXPECT_EQ(end.out, "fairlead-agent " FAIRLEAD_VERSION "\n");
  EXPECT_EQ(end.exit_status, 0u);
}

TEST_F(ScratchTest, AnyUidWillDo) {
  link::Setup setup;
  setup.user = "4711";
  ASSERT_TRUE(link().setup(setup)) << link().setup_sentence();
  EXPECT_EQ(link().run("/agent --version").exit_status, 0u);
}

TEST_F(ScratchTest, WhatNeedsAShellIsSaid) {
  ASSERT_TRUE(link().setup({}));
  const auto end = link().run("/agent --version | wc");
  EXPECT_EQ(end.err, "fairlead: There is no shell in this box to run this command.\n");
  EXPECT_EQ(end.exit_status, 127u);
  EXPECT_EQ(link().run("/nothing").err, "fairlead: /nothing: No such file or directory\n");
  const auto shell = link().open();
  EXPECT_TRUE(link().request(shell, "shell"));
  EXPECT_EQ(link().wait_end(shell).err, "fairlead: There is no shell in this box.\n");
}

TEST_F(ScratchTest, AMissingTerminalIsSaid) {
  ASSERT_TRUE(link().setup({}));
  const auto session = link().open();
  EXPECT_FALSE(link().request(session, "pty-req", ssh::PtyRequest{"xterm", {}, {}}.encode()));
  EXPECT_TRUE(link().request(session, "exec", ssh::ExecRequest{"/agent --version"}.encode()));
  const auto end = link().wait_end(session);
  EXPECT_THAT(end.err,
              testing::StartsWith(
                  "No terminal: /dev/ptmx cannot be opened in this box (No such file or directory).\r\n"));
  EXPECT_THAT(end.out, testing::HasSubstr("fairlead-agent"));
}

TEST_F(ScratchTest, ProcessesEndWithTheLinkWithoutProc) {
  ASSERT_TRUE(link().setup({}));
  const auto session = link().open();
  // The agent itself, serving on its standard input, is the one long-lived program there is.
  link().request(session, "exec", ssh::ExecRequest{"/agent serve --stdio"}.encode());
  EXPECT_EQ(link().run("/agent --version").exit_status, 0u);
  EXPECT_FALSE(link().record(session).closed);
  link().hang_up();
  EXPECT_EQ(agent_->wait(), 0);
}

}  // namespace
}  // namespace fairlead::test
