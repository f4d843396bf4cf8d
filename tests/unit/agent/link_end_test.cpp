// SPDX-License-Identifier: Apache-2.0
// What happens when the link ends, however it ends: nothing that was started is left.
#include "agent_process.hpp"

#include <gmock/gmock.h>

#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>

namespace fairlead::test {
namespace {

bool runs(pid_t pid) {
  return ::kill(pid, 0) == 0;
}

// Starts programs of every kind of stubbornness and returns their pids.
std::vector<pid_t> start_stubborn(LinkClient& link) {
  const auto session = link.start(
      "trap '' HUP TERM; echo $$; setsid sh -c 'trap \"\" HUP; echo $$; sleep 1000; :' & "
      "(sh -c 'setsid sh -c \"echo \\$\\$; sleep 1000; :\" &'); sleep 1000; :");
  std::vector<pid_t> pids;
  link.wait([&] { return std::ranges::count(link.record(session).out, '\n') == 3; });
  std::istringstream lines(link.record(session).out);
  for (pid_t pid = 0; lines >> pid;) pids.push_back(pid);
  EXPECT_EQ(pids.size(), 3u);
  return pids;
}

TEST(LinkEnd, LeavesNoProcess) {
  AgentProcess agent;
  ASSERT_TRUE(agent.link().setup({}));
  const auto pids = start_stubborn(agent.link());
  for (const auto pid : pids) EXPECT_TRUE(runs(pid));
  agent.link().hang_up();
  EXPECT_EQ(agent.wait(), 0);
  for (const auto pid : pids) EXPECT_FALSE(runs(pid)) << pid;
}

TEST(LinkEnd, ASignalToTheAgentIsOneToo) {
  AgentProcess agent;
  ASSERT_TRUE(agent.link().setup({}));
  const auto pids = start_stubborn(agent.link());
  ::kill(agent.pid(), SIGTERM);
  EXPECT_EQ(agent.wait(), 0);
  for (const auto pid : pids) EXPECT_FALSE(runs(pid)) << pid;
}

TEST(LinkEnd, ProgramsGetTheChanceToTidyUp) {
  const TemporaryDirectory directory;
  const auto file = directory / "tidied";
  AgentProcess agent;
  ASSERT_TRUE(agent.link().setup({}));
  const auto session = agent.link().start("trap 'echo done > " + file +
                                          "; exit' HUP; echo ready; while :; do sleep 0.02; done");
  ASSERT_TRUE(agent.link().wait_output(session, "ready\n"));
  agent.link().hang_up();
  EXPECT_EQ(agent.wait(), 0);
  std::string word;
  std::ifstream(file) >> word;
  EXPECT_EQ(word, "done");
}

TEST(LinkEnd, GarbageEndsTheAgentAndItsPrograms) {
  for (const std::string& garbage :
       {std::string(100, '\xff'), std::string("GET / HTTP/1.1\r\n\r\n"), std::string(4096, '\0')}) {
    AgentProcess agent;
    ASSERT_TRUE(agent.link().setup({}));
    const auto pids = start_stubborn(agent.link());
    EXPECT_EQ(::send(agent.link().fd(), garbage.data(), garbage.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(garbage.size()));
    const auto status = agent.wait();
    ASSERT_TRUE(status);
    EXPECT_TRUE(WIFEXITED(*status));
    EXPECT_EQ(WEXITSTATUS(*status), 1);
    for (const auto pid : pids) EXPECT_FALSE(runs(pid)) << pid;
  }
}

TEST(LinkEnd, OrphansAreReaped) {
  AgentProcess agent;
  ASSERT_TRUE(agent.link().setup({}));
  // The orphan ends after its parent: it becomes the agent's child, and no zombie.
  EXPECT_EQ(agent.link().run("(sleep 0.05 > /dev/null 2>&1 &)").exit_status, 0u);
  EXPECT_EQ(
      agent.link()
          .run("sleep 0.2; ps --no-headers -o stat= --ppid " + std::to_string(agent.pid()) + " | grep -c Z")
          .out,
      "0\n");
}

TEST(LinkEnd, AsFirstProcessOfItsNamespaceToo) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to make a process namespace";
  AgentOptions options;
  options.prepare = [] {
    if (::unshare(CLONE_NEWPID) != 0) return false;
    const pid_t init = ::fork();
    if (init == 0) return true;  // the agent, as PID 1
    ::close(3);
    int status = 0;
    ::waitpid(init, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
  };
  AgentProcess agent(options);
  ASSERT_TRUE(agent.link().setup({}));
  EXPECT_EQ(agent.link().run("echo $PPID").out, "1\n");
  const auto session = agent.link().start("trap '' HUP TERM; setsid sleep 1000 & echo started; sleep 1000");
  ASSERT_TRUE(agent.link().wait_output(session, "started\n"));
  agent.link().hang_up();
  EXPECT_EQ(agent.wait(), 0);
}

}  // namespace
}  // namespace fairlead::test
