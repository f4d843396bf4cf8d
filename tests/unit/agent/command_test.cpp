// SPDX-License-Identifier: Apache-2.0
// Which program a request comes to, in images with much, little and nothing in them.
#include "agent/command.hpp"

#include "base/plain_words.hpp"

#include <gmock/gmock.h>

#include <set>

namespace fairlead::agent {
namespace {

using testing::ElementsAre;

struct CommandTest : testing::Test {
  link::Setup setup;
  Account account;
  InternalPrograms internal;
  std::set<std::string> files{"/bin/sh", "/bin/zsh"};
  std::string agent_path = "/.fairlead/agent";

  void SetUp() override { account.shell = "/bin/zsh"; }
  Image image() {
    return {setup,           account,    internal,
            "/usr/bin:/bin", agent_path, [this](const std::string& path) { return files.contains(path); }};
  }
  void build_in_programs() {
    internal.sftp_server = [](int, int) { return 42; };
    internal.scp = [](const std::vector<std::string>& words) { return static_cast<int>(words.size()); };
  }
};

std::string shown(const Command& command) {
  if (const auto* run = std::get_if<RunImageProgram>(&command)) {
    std::string text = run->paths.front() + ':';
    for (const auto& word : run->arguments) text += " [" + word + ']';
    return text;
  }
  if (const auto* internal = std::get_if<RunInternal>(&command))
    return "internal " + std::to_string(internal->program());
  return std::get<CannotRun>(command).sentence;
}

TEST_F(CommandTest, ShellIsTheAccountsAsALoginShell) {
  EXPECT_EQ(shown(choose_shell(image())), "/bin/zsh: [-zsh]");
}

TEST_F(CommandTest, AMissingShellGivesWayToBinSh) {
  account.shell = "/bin/fish";
  EXPECT_EQ(shown(choose_shell(image())), "/bin/sh: [-sh]");
}

TEST_F(CommandTest, TheConfiguredShellCommandIsRunAsItIs) {
  setup.shell_command = {"menu", "--now"};
  const auto command = choose_shell(image());
  EXPECT_THAT(std::get<RunImageProgram>(command).paths, ElementsAre("/usr/bin/menu", "/bin/menu"));
  EXPECT_THAT(std::get<RunImageProgram>(command).arguments, ElementsAre("menu", "--now"));
}

TEST_F(CommandTest, ExecGoesThroughTheShell) {
  EXPECT_EQ(shown(choose_exec(image(), "echo a; ls")), "/bin/zsh: [zsh] [-c] [echo a; ls]");
  EXPECT_EQ(shown(choose_exec(image(), "")), "/bin/zsh: [zsh] [-c] []");
}

TEST_F(CommandTest, WithoutAShellPlainCommandsRunDirectly) {
  files.clear();
  EXPECT_EQ(shown(choose_exec(image(), "/app/tool --x 'a b'")), "/app/tool: [/app/tool] [--x] [a b]");
  EXPECT_EQ(shown(choose_exec(image(), "tool")), "/usr/bin/tool: [tool]");
  EXPECT_EQ(shown(choose_exec(image(), "/app/tool | wc")),
            "There is no shell in this box to run this command.");
  EXPECT_EQ(shown(choose_exec(image(), "")), "There is no shell in this box to run this command.");
  EXPECT_EQ(shown(choose_shell(image())), "There is no shell in this box.");
}

TEST_F(CommandTest, SubsystemsAreThePathsOfTheConfiguration) {
  setup.subsystems = {{"sftp", "/usr/lib/sftp-server"}, {"netconf", "/usr/bin/netconf"}};
  files.insert("/usr/bin/netconf");
  EXPECT_EQ(shown(*choose_subsystem(image(), "netconf")), "/usr/bin/netconf: [/usr/bin/netconf]");
  EXPECT_FALSE(choose_subsystem(image(), "sftp"));  // not in this image
  EXPECT_FALSE(choose_subsystem(image(), "other"));
}

TEST_F(CommandTest, SftpIsTheImagesWhenItIsThereAndOursOtherwise) {
  build_in_programs();
  setup.subsystems = {{"sftp", "/usr/lib/sftp-server"}};
  EXPECT_EQ(shown(*choose_subsystem(image(), "sftp")), "internal 42");
  files.insert("/usr/lib/sftp-server");
  EXPECT_EQ(shown(*choose_subsystem(image(), "sftp")), "/usr/lib/sftp-server: [/usr/lib/sftp-server]");
  setup.file_transfer = "internal";
  EXPECT_EQ(shown(*choose_subsystem(image(), "sftp")), "internal 42");
  setup.file_transfer = "image";
  files.erase("/usr/lib/sftp-server");
  EXPECT_FALSE(choose_subsystem(image(), "sftp"));
  setup.subsystems.clear();
  EXPECT_FALSE(choose_subsystem(image(), "sftp"));
  setup.file_transfer = "auto";
  EXPECT_EQ(shown(*choose_subsystem(image(), "sftp")), "internal 42");
}

TEST_F(CommandTest, SftpServersAreFoundWhereDistributionsPutThem) {
  build_in_programs();
  const std::vector<std::string> paths{"/opt/sftp-server", "/usr/lib/openssh/sftp-server",
                                       "/usr/libexec/openssh/sftp-server", "/usr/lib/ssh/sftp-server",
                                       "/usr/libexec/sftp-server"};
  setup.subsystems = {{"sftp", paths.front()}};
  files.insert(paths.begin(), paths.end());
  for (const auto& path : paths) {
    EXPECT_EQ(shown(*choose_subsystem(image(), "sftp")), path + ": [" + path + ']');
    files.erase(path);
  }
  EXPECT_EQ(shown(*choose_subsystem(image(), "sftp")), "internal 42");
}

TEST_F(CommandTest, ScpIsTheImagesWhenItIsThere) {
  build_in_programs();
  files.insert("/usr/bin/scp");
  EXPECT_EQ(shown(choose_exec(image(), "scp -t /tmp")), "/bin/zsh: [zsh] [-c] [scp -t /tmp]");
}

TEST_F(CommandTest, OurScpIsStartedByTheImagesShellForItsWildcards) {
  build_in_programs();
  files.insert(agent_path);
  EXPECT_EQ(shown(choose_exec(image(), "scp -r -f *.txt")),
            "/bin/zsh: [zsh] [-c] [/.fairlead/agent scp -r -f *.txt]");
}

TEST_F(CommandTest, OurScpRunsDirectlyWithoutAShell) {
  build_in_programs();
  files.clear();
  EXPECT_EQ(shown(choose_exec(image(), "scp -pt '/tmp/a b'")), "internal 3");
  EXPECT_EQ(shown(choose_exec(image(), "scp -f *.txt ~/[ab]?")), "internal 4");  // it expands them itself
  EXPECT_EQ(shown(choose_exec(image(), "scp -f `date`")),
            "There is no shell in this box to run this command.");
}

TEST_F(CommandTest, OnlyScpsRemoteHalfIsOurs) {
  build_in_programs();
  setup.file_transfer = "internal";
  EXPECT_EQ(shown(choose_exec(image(), "scp a b")), "/bin/zsh: [zsh] [-c] [scp a b]");
  EXPECT_EQ(shown(choose_exec(image(), "scp -t x")), "internal 3");
  setup.file_transfer = "image";
  EXPECT_EQ(shown(choose_exec(image(), "scp -t x")), "/bin/zsh: [zsh] [-c] [scp -t x]");
}

TEST(PlainWords, UnderstandsBlanksQuotesAndBackslashes) {
  EXPECT_THAT(*plain_words("  a \t 'b c'\"d e\"f g\\ h '' "), ElementsAre("a", "b cd ef", "g h", ""));
  EXPECT_THAT(*plain_words(""), ElementsAre());
}

TEST(PlainWords, LeavesToAShellWhatNeedsOne) {
  for (const auto* command :
       {"a;b", "a&",    "a|b",  "a<b",    "a>b",     "$x",    "`x`",    "*",     "a?",    "[a]", "~",
        "#",   "{a,b}", "a\nb", "\"$x\"", "\"`x`\"", "'open", "\"open", "end\\", "A=b c", "(a)", "!x"})
    EXPECT_FALSE(plain_words(command)) << command;
  EXPECT_TRUE(plain_words("dd if=/dev/zero"));
}

}  // namespace
}  // namespace fairlead::agent
