// SPDX-License-Identifier: Apache-2.0
// Children, their ends, and the end of all of them.
#include "agent/processes.hpp"

#include "agent/limits.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <ctime>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::agent {
namespace {

// The parent of a process, 0 when it is gone. /proc/PID/stat is "pid (name) state ppid …", and the name may
// hold anything.
pid_t parent_of(std::string_view pid) {
  const FileDescriptor file(::open(("/proc/" + std::string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> text;
  const auto size = file ? ::read(file.get(), text.data(), text.size()) : -1;
  if (size <= 0) return 0;
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  const auto end_of_name = line.rfind(") ");
  if (end_of_name == std::string_view::npos || end_of_name + 4 >= line.size()) return 0;
  const auto rest = line.substr(end_of_name + 4);
  pid_t parent = 0;
  (void)std::from_chars(rest.data(), rest.data() + rest.size(), parent);
  return parent;
}

// All processes below `ancestor`, as far as /proc shows them.
std::vector<pid_t> descendants_of(pid_t ancestor) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc"), ::closedir);
  std::vector<std::pair<pid_t, pid_t>> parents;  // process, parent
  while (const dirent* entry = directory ? ::readdir(directory.get()) : nullptr) {
    const std::string_view name = entry->d_name;
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size())
      continue;
    parents.emplace_back(pid, parent_of(name));
  }
  std::set<pid_t> family{ancestor};
  std::vector<pid_t> found;
  for (bool grew = true; grew;) {
    grew = false;
    for (const auto& [pid, parent] : parents)
      if (family.contains(parent) && family.insert(pid).second) {
        found.push_back(pid);
        grew = true;
      }
  }
  return found;
}

}  // namespace

Processes::Processes(EventLoop& loop) : loop_(loop), first_process_(::getpid() == 1) {
  // Not PID 1: what programs leave behind is still reaped and ended by us.
  if (!first_process_) (void)::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

void Processes::watch(pid_t pid, std::move_only_function<void(int)> on_exit) {
  watched_.insert_or_assign(pid, std::move(on_exit));
}

void Processes::hang_up(pid_t pid, std::vector<FileDescriptor> output) {
  const auto found = watched_.find(pid);
  if (found == watched_.end()) return;
  (void)::kill(-pid, SIGHUP);
  (void)::kill(-pid, SIGCONT);  // a stopped program would not notice
  const auto timer = loop_.after(limits::hang_up_grace, [pid] { (void)::kill(-pid, SIGKILL); });
  found->second = [this, timer, held = std::move(output)](int) { loop_.cancel(timer); };
}

void Processes::reap() {
  int status = 0;
  pid_t pid = 0;
  while ((pid = ::waitpid(-1, &status, WNOHANG)) > 0) {
    auto ended = watched_.extract(pid);
    if (!ended.empty()) ended.mapped()(status);
  }
}

void Processes::signal_all(int signal) const {
  if (first_process_) {
    (void)::kill(-1, signal);
    return;
  }
  for (const auto& [pid, on_exit] : watched_) (void)::kill(-pid, signal);  // also without /proc
  for (const pid_t pid : descendants_of(::getpid())) (void)::kill(pid, signal);
}

bool Processes::wait_for_children(std::chrono::milliseconds longest) {
  const auto deadline = EventLoop::Clock::now() + longest;
  sigset_t child;
  ::sigemptyset(&child);
  ::sigaddset(&child, SIGCHLD);
  for (;;) {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) watched_.erase(pid);
    if (pid < 0 && errno == ECHILD) return true;
    const auto left =
        std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - EventLoop::Clock::now()).count();
    if (left <= 0) return false;
    constexpr std::int64_t second = 1'000'000'000;
    const timespec wait{static_cast<time_t>(left / second), static_cast<long>(left % second)};
    (void)::sigtimedwait(&child, nullptr, &wait);
  }
}

void Processes::end_all() {
  signal_all(SIGHUP);
  signal_all(SIGCONT);
  if (wait_for_children(limits::link_end_grace)) return;
  const auto deadline = EventLoop::Clock::now() + limits::kill_grace;
  do {
    // Again and again: a process that forks without end has new children between our look and our signal.
    signal_all(SIGKILL);
  } while (!wait_for_children(std::chrono::milliseconds(20)) && EventLoop::Clock::now() < deadline);
}

}  // namespace fairlead::agent
