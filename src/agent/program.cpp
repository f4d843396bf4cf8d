// SPDX-License-Identifier: Apache-2.0
// fork and exec. An exec'ing child shares our memory until then (vfork, which costs a third of fork):
// everything it needs is made beforehand, and it calls nothing that allocates or locks.
#include "agent/program.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace fairlead::agent {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  // execve takes char* for historical reasons and does not write to it.
  for (const auto& text : strings) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

struct Child {
  const ProgramPlan& plan;
  const Account& account;
  std::vector<char*> arguments = pointers(plan.arguments);
  std::vector<char*> environment = pointers(plan.environment);
};

iovec part(const char* text) {
  return {const_cast<char*>(text), std::strlen(text)};
}

void complain(const char* what, const char* which, int error) {
  std::array parts{part("fairlead: "), part(what), part(which), part(": "), part(::strerrordesc_np(error)),
                   part("\n")};
  (void)!::writev(STDERR_FILENO, parts.data(), static_cast<int>(parts.size()));
}

[[noreturn]] void give_up(const char* what, const char* which, int error) {
  complain(what, which, error);
  ::_exit(error == ENOENT ? status_not_found : status_cannot_run);
}

void take_descriptors(const ProgramPlan& plan) {
  // The sources are above 2, so dup2 never meets its own target and always clears FD_CLOEXEC.
  if (::dup2(plan.input, STDIN_FILENO) < 0 || ::dup2(plan.output, STDOUT_FILENO) < 0 ||
      ::dup2(plan.error, STDERR_FILENO) < 0)
    ::_exit(status_cannot_run);
  // Also what whoever started the agent left open. Older kernels lack the call; ours are O_CLOEXEC anyway.
  (void)::syscall(SYS_close_range, 3u, ~0u, plan.internal ? 0u : 1u << 2 /* CLOSE_RANGE_CLOEXEC */);
}

void become(const Account& account) {
  if (!account.change_ids) return;
  // A user namespace may forbid setgroups (user_namespaces(7)); with our own ids there is nothing to lose by
  // it.
  const bool same = account.uid == ::geteuid() && account.gid == ::getegid();
  if (::setgroups(account.groups.size(), account.groups.data()) != 0 && !same)
    give_up("cannot take the groups of ", account.name.c_str(), errno);
  if (::setresgid(account.gid, account.gid, account.gid) != 0)
    give_up("cannot take the group of ", account.name.c_str(), errno);
  if (::setresuid(account.uid, account.uid, account.uid) != 0)
    give_up("cannot become ", account.name.c_str(), errno);
}

void enter(const ProgramPlan& plan) {
  if (::chdir(plan.directory.c_str()) == 0) return;
  if (plan.directory_must_exist) complain("cannot enter ", plan.directory.c_str(), errno);
  (void)!::chdir("/");
}

void restore_signals() {
  struct sigaction defaults{};
  defaults.sa_handler = SIG_DFL;
  (void)::sigaction(SIGPIPE, &defaults, nullptr);  // the only one the agent ignores
  sigset_t none;
  ::sigemptyset(&none);
  (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void execute(Child& child) {
  int error = ENOENT;
  for (const auto& path : child.plan.paths) {
    ::execve(path.c_str(), child.arguments.data(), child.environment.data());
    // As a shell searches PATH: the next place may have it, but a refusal is worth telling more than an
    // absence.
    if (errno != ENOENT && errno != ENOTDIR) error = errno;
    if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
  }
  give_up("", child.plan.arguments[0].c_str(), error);
}

void prepare(Child& child) {
  ::setsid();
  if (child.plan.controlling_terminal) (void)::ioctl(child.plan.input, TIOCSCTTY, 0);
  take_descriptors(child.plan);
  ::umask(S_IWGRP | S_IWOTH);
  become(child.account);
  enter(child.plan);
  restore_signals();
}

[[noreturn]] void run_internal(Child& child) {
  prepare(child);
  environ = child.environment.data();
  ::_exit(child.plan.internal());
}

[[noreturn]] void run_image_program(Child& child) {
  prepare(child);
  execute(child);
}

}  // namespace

std::expected<pid_t, int> start_program(const ProgramPlan& plan, const Account& account) {
  Child child{plan, account};
  if (plan.internal) {
    const pid_t pid = ::fork();
    if (pid == 0) run_internal(child);
    if (pid < 0) return std::unexpected(errno);
    return pid;
  }
  // What the checkers fear of vfork is dealt with above: the child allocates nothing and changes nothing of
  // ours.
  const pid_t pid = ::vfork();             // NOLINT(*-unsafe-functions,cert-msc*,*.vfork)
  if (pid == 0) run_image_program(child);  // NOLINT(*.Vfork)
  if (pid < 0) return std::unexpected(errno);
  return pid;
}

}  // namespace fairlead::agent
