// SPDX-License-Identifier: Apache-2.0
// Starting and ending a real agent.
#include "agent_process.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>

namespace fairlead::test {
namespace {

constexpr int link_number = 3;

[[noreturn]] void become_agent(const AgentOptions& options, int link) {
  if (options.link == "stdio") {
    ::dup2(link, STDIN_FILENO);
    ::dup2(link, STDOUT_FILENO);
  } else if (options.link != "none" && link != link_number) {
    ::dup2(link, link_number);
  } else if (options.link != "none") {
    (void)::syscall(SYS_fcntl, link, 2 /* F_SETFD */, 0);
  }
  if (options.prepare && !options.prepare()) ::_exit(125);
  std::vector<char*> words{const_cast<char*>(options.program.c_str())};
  for (const auto& word : options.arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execv(words[0], words.data());
  ::_exit(124);
}

}  // namespace

AgentProcess::AgentProcess(const AgentOptions& options) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  pid_ = ::fork();
  if (pid_ == 0) become_agent(options, ends[1]);
  ::close(ends[1]);
  if (options.link == "fd") data_sockets_ = link::DescriptorSender::open(ends[0]);
  link_ = std::make_unique<LinkClient>(ends[0]);
}

AgentProcess::~AgentProcess() {
  link_->hang_up();
  wait();
}

std::optional<int> AgentProcess::wait() {
  if (status_) return status_;
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd ended{process, POLLIN, 0};
  const bool in_time = ::poll(&ended, 1, 10'000) == 1;
  ::close(process);
  if (!in_time) ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = status;
  return in_time ? status_ : std::nullopt;
}

TemporaryDirectory::TemporaryDirectory() {
  char name[] = "/tmp/fairlead-agent-XXXXXX";
  path_ = ::mkdtemp(name);
  std::filesystem::permissions(path_, std::filesystem::perms(0755));
}

TemporaryDirectory::~TemporaryDirectory() {
  std::filesystem::remove_all(path_);
}

}  // namespace fairlead::test
