// SPDX-License-Identifier: Apache-2.0
// The setup request: for whom, where and with what programs run; and the ways to reach the link.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

namespace fairlead::test {
namespace {

using testing::HasSubstr;

TEST(SetupTest, NothingIsServedBeforeIt) {
  AgentProcess agent;
  const auto record = agent.link().record(agent.link().open());
  EXPECT_EQ(record.refused, ssh::OpenFailure::administratively_prohibited);
  EXPECT_TRUE(agent.link().setup({}));
  EXPECT_EQ(agent.link().run("echo served").out, "served\n");
}

TEST(SetupTest, AnUnknownUserIsASentence) {
  AgentProcess agent;
  link::Setup setup;
  setup.user = "nobody-of-that-name";
  EXPECT_FALSE(agent.link().setup(setup));
  EXPECT_EQ(agent.link().setup_sentence(), "There is no user \"nobody-of-that-name\" in this box.");
}

TEST(SetupTest, ComesOnce) {
  AgentProcess agent;
  EXPECT_TRUE(agent.link().setup({}));
  EXPECT_FALSE(agent.link().setup({}));
}

TEST(SetupTest, EnvironmentAndDirectoryAreAsAsked) {
  AgentOptions options;
  options.prepare = [] { return ::setenv("FROM_IMAGE", "image", 1) == 0; };
  AgentProcess agent(options);
  link::Setup setup;
  setup.working_directory = "/usr";
  setup.environment = {{"CONFIGURED", "yes"}};
  setup.client_address = "192.0.2.7";
  setup.client_port = 50000;
  setup.server_address = "198.51.100.1";
  setup.server_port = 2222;
  ASSERT_TRUE(agent.link().setup(setup));
  const auto session = agent.link().open();
  EXPECT_TRUE(agent.link().request(session, "env", ssh::EnvRequest{"LANG", "C.UTF-8"}.encode()));
  EXPECT_TRUE(
      agent.link().request(session, "env", ssh::EnvRequest{"SSH_ORIGINAL_COMMAND", "ls -l"}.encode()));
  agent.link().request(session, "exec", ssh::ExecRequest{"pwd; env"}.encode());
  const auto out = agent.link().wait_end(session).out;
  EXPECT_TRUE(out.starts_with("/usr\n"));
  for (const auto* line :
       {"\nFROM_IMAGE=image\n", "\nCONFIGURED=yes\n", "\nLANG=C.UTF-8\n", "\nSSH_ORIGINAL_COMMAND=ls -l\n",
        "\nSSH_CONNECTION=192.0.2.7 50000 198.51.100.1 2222\n", "\nSSH_CLIENT=192.0.2.7 50000 2222\n"})
    EXPECT_THAT(out, HasSubstr(line));
  for (const auto* name : {"SSH_TTY=", "\nTERM="}) EXPECT_THAT(out, testing::Not(HasSubstr(name)));
}

TEST(SetupTest, VariablesOfOneSessionAreBounded) {
  AgentProcess agent;
  ASSERT_TRUE(agent.link().setup({}));
  const auto session = agent.link().open();
  for (int i = 0; i < 128; ++i)
    ASSERT_TRUE(agent.link().request(session, "env", ssh::EnvRequest{"V" + std::to_string(i), "x"}.encode()));
  EXPECT_FALSE(agent.link().request(session, "env", ssh::EnvRequest{"TOO_MANY", "x"}.encode()));
}

TEST(SetupTest, AConfiguredDirectoryThatIsMissingIsSaid) {
  AgentProcess agent;
  link::Setup setup;
  setup.working_directory = "/not/there";
  ASSERT_TRUE(agent.link().setup(setup));
  const auto end = agent.link().run("pwd");
  EXPECT_EQ(end.out, "/\n");
  EXPECT_EQ(end.err, "fairlead: cannot enter /not/there: No such file or directory\n");
  EXPECT_EQ(end.exit_status, 0u);
}

TEST(SetupTest, AShellCommandThatIsMissingIsSaid) {
  AgentProcess agent;
  link::Setup setup;
  setup.shell_command = {"no-such-shell"};
  ASSERT_TRUE(agent.link().setup(setup));
  const auto session = agent.link().open();
  EXPECT_TRUE(agent.link().request(session, "shell"));
  const auto end = agent.link().wait_end(session);
  EXPECT_EQ(end.err, "fairlead: no-such-shell: No such file or directory\n");
  EXPECT_EQ(end.exit_status, 127u);
}

TEST(SetupTest, AShellCommandThatMayNotBeRunIsSaid) {
  AgentProcess agent;
  link::Setup setup;
  setup.shell_command = {"/etc/passwd"};
  ASSERT_TRUE(agent.link().setup(setup));
  const auto session = agent.link().open();
  EXPECT_TRUE(agent.link().request(session, "shell"));
  const auto end = agent.link().wait_end(session);
  EXPECT_EQ(end.err, "fairlead: /etc/passwd: Permission denied\n");
  EXPECT_EQ(end.exit_status, 126u);
}

TEST(SetupTest, SubsystemsAreRun) {
  AgentProcess agent;
  link::Setup setup;
  setup.subsystems = {{"where", "/bin/pwd"}, {"gone", "/not/there"}};
  setup.working_directory = "/usr";
  ASSERT_TRUE(agent.link().setup(setup));
  const auto session = agent.link().open();
  EXPECT_FALSE(agent.link().request(session, "subsystem", ssh::SubsystemRequest{"other"}.encode()));
  EXPECT_FALSE(agent.link().request(session, "subsystem", ssh::SubsystemRequest{"gone"}.encode()));
  EXPECT_TRUE(agent.link().request(session, "subsystem", ssh::SubsystemRequest{"where"}.encode()));
  EXPECT_EQ(agent.link().wait_end(session).out, "/usr\n");
}

class OtherUserTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
  std::string run_as(std::string user, std::string_view command) {
    AgentProcess agent;
    link::Setup setup;
    setup.user = std::move(user);
    setup.login_name = "alice";
    EXPECT_TRUE(agent.link().setup(setup)) << agent.link().setup_sentence();
    return agent.link().run(command).out;
  }
};

TEST_F(OtherUserTest, ProgramsRunAsTheAccount) {
  AgentProcess agent;
  link::Setup setup;
  setup.user = "nobody";
  setup.login_name = "alice";
  // The account's own shell says that the account is not available.
  setup.shell_command = {"/bin/sh", "-c", "id -un; id -gn; id -Gn; echo $USER $LOGNAME"};
  ASSERT_TRUE(agent.link().setup(setup)) << agent.link().setup_sentence();
  const auto session = agent.link().open();
  EXPECT_TRUE(agent.link().request(session, "shell"));
  EXPECT_EQ(agent.link().wait_end(session).out, "nobody\nnogroup\nnogroup\nnobody nobody\n");
}

TEST_F(OtherUserTest, AnyNumberWillDo) {
  EXPECT_EQ(run_as("4711:815", "id -u; id -g; id -G; pwd; echo $HOME $USER $SHELL; umask"),
            "4711\n815\n815\n/\n/ alice /bin/sh\n0022\n");
}

TEST_F(OtherUserTest, NobodyRegainsPrivilege) {
  EXPECT_THAT(run_as("4711:815", "grep -E '^(Uid|Gid|CapEff)' /proc/self/status | tr '\\t\\n' '  '"),
              HasSubstr("Uid: 4711 4711 4711 4711 Gid: 815 815 815 815 CapEff: 0000000000000000"));
}

TEST_F(OtherUserTest, TheTerminalIsTheirs) {
  AgentProcess agent;
  link::Setup setup;
  setup.user = "4711:815";
  ASSERT_TRUE(agent.link().setup(setup));
  const auto session = agent.link().open();
  EXPECT_TRUE(agent.link().request(session, "pty-req", ssh::PtyRequest{"xterm", {}, {}}.encode()));
  agent.link().request(session, "exec", ssh::ExecRequest{"stat -L -c '%u %a' /proc/self/fd/0"}.encode());
  EXPECT_EQ(agent.link().wait_end(session).out, "4711 620\r\n");
}

TEST(LinkTest, MayBeStandardInputAndOutput) {
  AgentOptions options;
  options.arguments = {"serve", "--stdio"};
  options.link = "stdio";
  AgentProcess agent(options);
  ASSERT_TRUE(agent.link().setup({}));
  EXPECT_EQ(agent.link().run("cat; echo over").out, "over\n");
  agent.link().hang_up();
  EXPECT_EQ(agent.wait(), 0);
}

TEST(LinkTest, MayBeASocketToConnectTo) {
  const TemporaryDirectory directory;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strcpy(address.sun_path, (directory / "link").c_str());
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  AgentOptions options;
  options.arguments = {"serve", "--socket", directory / "link"};
  options.link = "none";
  AgentProcess agent(options);
  LinkClient client(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
  ::close(listener);
  ASSERT_TRUE(link::DescriptorSender::open(client.fd()));
  ASSERT_TRUE(client.setup({}));
  EXPECT_EQ(client.run("echo hi").out, "hi\n");
  client.hang_up();
  EXPECT_EQ(agent.wait(), 0);
}

TEST(LinkTest, ThatIsNotThereEndsTheAgent) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"serve", "--socket", "/not/there"}, {"serve", "--fd", "77"}}) {
    AgentOptions options;
    options.arguments = arguments;
    options.link = "none";
    AgentProcess agent(options);
    EXPECT_EQ(WEXITSTATUS(agent.wait().value()), 1);
  }
}

TEST(CommandLineTest, WrongUseIsExplained) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"dance"},
                                                    {"serve"},
                                                    {"serve", "--fd"},
                                                    {"serve", "--fd", "x"},
                                                    {"serve", "--stdio", "x"}}) {
    AgentOptions options;
    options.arguments = arguments;
    options.link = "none";
    AgentProcess agent(options);
    EXPECT_EQ(WEXITSTATUS(agent.wait().value()), 64);
  }
}

}  // namespace
}  // namespace fairlead::test
