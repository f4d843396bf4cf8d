// SPDX-License-Identifier: Apache-2.0
// Commands without an agent: what runs directly and what a shell runs (core.md 3.8).
#include "backend/docker/exec_command.hpp"

#include <gmock/gmock.h>

namespace fairlead::docker {
namespace {

using testing::ElementsAre;

TEST(ExecCommand, APathWithPlainWordsIsRunDirectly) {
  const config::Docker docker;
  EXPECT_THAT(exec_arguments(docker, "/bin/ls -l \"a b\""), ElementsAre("/bin/ls", "-l", "a b"));
  EXPECT_THAT(exec_arguments(docker, "./run 'x y'"), ElementsAre("./run", "x y"));
}

// W3.1, W3.2: nothing is cut off, and nothing comes to nothing.
TEST(ExecCommand, EverythingElseIsAShellsAsAWhole) {
  const config::Docker docker;
  for (const char* command :
       {"echo hi", "/bin/echo a; ls", "/bin/cat < f", "/bin/echo $HOME", "/bin/a | b", ";ls", "", "   ",
        "/bin/echo 'open", "/bin/ls *", "/bin/echo a\nls", "&", "A=1 /bin/env"})
    EXPECT_THAT(exec_arguments(docker, command), ElementsAre("/bin/sh", "-c", command));
}

TEST(ExecCommand, TheConfiguredShellRunsThemWhenItCan) {
  config::Docker docker;
  docker.programs.shell_command = {"/usr/local/bin/bash", "-l"};
  EXPECT_THAT(exec_arguments(docker, "echo hi"), ElementsAre("/usr/local/bin/bash", "-c", "echo hi"));
  EXPECT_THAT(shell_arguments(docker), ElementsAre("/usr/local/bin/bash", "-l"));
  docker.programs.shell_command = {"/usr/bin/python3"};
  EXPECT_THAT(exec_arguments(docker, "echo hi"), ElementsAre("/bin/sh", "-c", "echo hi"));
}

TEST(ExecCommand, SubsystemsAreTheConfiguredOnesAndSftp) {
  config::Docker docker;
  EXPECT_THAT(*subsystem_arguments(docker, "sftp"), ElementsAre("/usr/lib/openssh/sftp-server"));
  EXPECT_FALSE(subsystem_arguments(docker, "foo"));
  docker.programs.subsystems = {{"sftp", "/sftp"}, {"foo", "/foo"}};
  EXPECT_THAT(*subsystem_arguments(docker, "sftp"), ElementsAre("/sftp"));
  EXPECT_THAT(*subsystem_arguments(docker, "foo"), ElementsAre("/foo"));
}

}  // namespace
}  // namespace fairlead::docker
