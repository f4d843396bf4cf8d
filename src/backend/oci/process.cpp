// SPDX-License-Identifier: Apache-2.0
// Starts host programs. Between clone and exec the child shares our memory (as vfork): it makes system calls
// only.
#include "backend/oci/process.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdint>
#include <optional>

namespace fairlead::backend::oci {

namespace {

// Sanitizers do not survive a child that shares our memory; a plain fork is slower, and fine for them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int share_memory = 0;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int share_memory = 0;
#else
constexpr int share_memory = CLONE_VM | CLONE_VFORK;
#endif
#else
constexpr int share_memory = CLONE_VM | CLONE_VFORK;
#endif

// Step numbers below zero are not mounts.
enum Step : int { join_user_namespace = -1, own_mounts = -2, descriptors = -3, execute = -4 };
struct Failure {
  int step = 0;
  int error = 0;
};

struct Prepared {
  const Command* command = nullptr;
  std::vector<char*> arguments, environment;
  std::vector<std::pair<int, int>> descriptors;  // sources moved above every target
  int null = -1;
  int report = -1;
  pid_t parent = 0;
  sigset_t signals{};
};

[[noreturn]] void give_up(const Prepared& prepared, int step) {
  const Failure failure{step, errno};
  [[maybe_unused]] const auto written = ::write(prepared.report, &failure, sizeof failure);
  ::_exit(127);
}

void reset_signals(const sigset_t& mask) {
  // By the kernel's call and its own form: the library refuses the two signals that it keeps for itself, and
  // whoever started us may have left them ignored. All zeros is SIG_DFL without flags.
  constexpr std::array<std::uint64_t, 4> standard{};
  for (int signal = 1; signal < NSIG; ++signal)
    ::syscall(SYS_rt_sigaction, signal, standard.data(), nullptr, sizeof(std::uint64_t));
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
}

bool do_step(const MountStep& step) {
  if (step.kind == MountStep::Kind::mount)
    return ::mount(step.source.c_str(), step.target.c_str(), step.type.empty() ? nullptr : step.type.c_str(),
                   step.flags, step.data.empty() ? nullptr : step.data.c_str()) == 0;
  if (::mkdir(step.target.c_str(), step.mode) != 0) return errno == EEXIST;
  return ::chmod(step.target.c_str(), step.mode) == 0 &&
         ::lchown(step.target.c_str(), step.uid, step.gid) == 0;
}

int child(void* argument) {
  const auto& prepared = *static_cast<const Prepared*>(argument);
  const Command& command = *prepared.command;
  // A half-started box whose daemon died must not go on starting behind the next daemon's back.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != prepared.parent) ::_exit(127);
  ::setsid();
  reset_signals(prepared.signals);
  ::umask(022);
  if (command.user_namespace >= 0) {
    if (::setns(command.user_namespace, CLONE_NEWUSER) != 0) give_up(prepared, join_user_namespace);
    ::syscall(SYS_setgroups, 0, nullptr);  // refused where only one id is mapped: then there are none to lose
    if (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0)
      give_up(prepared, join_user_namespace);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // cleared by the change of ids
  }
  if (command.own_mounts) {
    if (::unshare(CLONE_NEWNS) != 0) give_up(prepared, own_mounts);
    // Ours must not show outside; unmounts outside must reach us, or we would keep the host's file systems
    // busy.
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) give_up(prepared, own_mounts);
    for (std::size_t i = 0; i < command.mounts.size(); ++i)
      if (!do_step(command.mounts[i])) give_up(prepared, static_cast<int>(i));
  }
  if (::chdir("/") != 0) give_up(prepared, descriptors);
  for (int target = 0; target <= 2; ++target)
    if (::dup2(prepared.null, target) < 0) give_up(prepared, descriptors);
  for (const auto& [source, target] : prepared.descriptors)
    if (::dup2(source, target) < 0) give_up(prepared, descriptors);
  ::execve(prepared.arguments[0], prepared.arguments.data(), prepared.environment.data());
  give_up(prepared, execute);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (const auto& text : texts) result.push_back(const_cast<char*>(text.c_str()));
  result.push_back(nullptr);
  return result;
}

std::string describe(const Command& command, int step) {
  switch (step) {
    case join_user_namespace:
      return "join the user namespace";
    case own_mounts:
      return "make a mount namespace";
    case descriptors:
      return "prepare " + command.arguments[0];
    case execute:
      return "run " + command.arguments[0];
    default:
      break;
  }
  const auto& mount = command.mounts[static_cast<std::size_t>(step)];
  if (mount.kind == MountStep::Kind::make_directory) return "create " + mount.target;
  return "mount " + (mount.type.empty() ? mount.source : mount.type) + " on " + mount.target;
}

// Signals stay blocked across the clone: a handler of ours must never run in the child on our memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

class Stack {
 public:
  Stack()
      : memory_(
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0)) {
    if (memory_ == MAP_FAILED) throw system_failure("start a program", errno);
  }
  ~Stack() { ::munmap(memory_, size); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;
  [[nodiscard]] void* top() const noexcept { return static_cast<char*>(memory_) + size; }

 private:
  static constexpr std::size_t size = std::size_t{64} * 1024;
  void* memory_;
};

pid_t clone_child(Prepared& prepared, int& pidfd) {
  const Stack stack;
  const SignalsBlocked blocked;
  const pid_t pid = ::clone(child, stack.top(), share_memory | CLONE_PIDFD | SIGCHLD, &prepared, &pidfd);
  if (pid < 0) throw system_failure("start " + prepared.command->arguments[0], errno);
  return pid;
}

}  // namespace

Process start(const Command& command) {
  Prepared prepared;
  prepared.command = &command;
  prepared.arguments = pointers(command.arguments);
  prepared.environment = pointers(command.environment);
  prepared.parent = ::getpid();
  sigemptyset(&prepared.signals);
  const FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  prepared.null = null.get();

  std::vector<FileDescriptor> moved;
  for (const auto& [source, target] : command.descriptors) {
    moved.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, 64));
    if (!moved.back()) throw system_failure("start " + command.arguments[0], errno);
    prepared.descriptors.emplace_back(moved.back().get(), target);
  }
  std::array<int, 2> report{};
  if (::pipe2(report.data(), O_CLOEXEC) != 0) throw system_failure("start " + command.arguments[0], errno);
  const FileDescriptor read_end(report[0]);
  FileDescriptor write_end(report[1]);
  prepared.report = write_end.get();

  int pidfd = -1;
  const pid_t pid = clone_child(prepared, pidfd);
  Process process(pid, FileDescriptor(pidfd));
  write_end.reset();
  Failure failure;
  ssize_t got = 0;
  do got = ::read(read_end.get(), &failure, sizeof failure);
  while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof failure))
    throw system_failure(describe(command, failure.step), failure.error);
  return process;
}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    kill();
    pid_ = other.pid_;
    descriptor_ = std::move(other.descriptor_);
  }
  return *this;
}

int Process::reap() noexcept {
  siginfo_t info{};
  int result = 0;
  do result = ::waitid(P_PIDFD, static_cast<id_t>(descriptor_.get()), &info, WEXITED);
  while (result != 0 && errno == EINTR);
  descriptor_.reset();
  if (result != 0) return -1;
  return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

int Process::wait(std::chrono::milliseconds deadline) {
  if (!descriptor_) return -1;
  if (wait_for_exit(descriptor_.get(), deadline)) return reap();
  kill();
  return -1;
}

void Process::kill() noexcept {
  if (!descriptor_) return;
  ::syscall(SYS_pidfd_send_signal, descriptor_.get(), SIGKILL, nullptr, 0);
  reap();
}

bool wait_for_exit(int pidfd, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{pidfd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return false;
  }
}

Outcome run(Command command, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw system_failure("start " + command.arguments[0], errno);
  const FileDescriptor read_end(pipe[0]);
  FileDescriptor write_end(pipe[1]);
  command.descriptors.emplace_back(write_end.get(), 1);
  command.descriptors.emplace_back(write_end.get(), 2);
  Process process = start(command);
  write_end.reset();
  Outcome outcome;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd waiting{read_end.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long long>(left.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    std::array<char, 4096> buffer{};
    const auto got = ::read(read_end.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    outcome.output.append(
        buffer.data(), std::min(static_cast<std::size_t>(got), limits::error_text - outcome.output.size()));
  }
  outcome.status = process.wait(std::chrono::ceil<std::chrono::milliseconds>(
      std::max(end - std::chrono::steady_clock::now(), std::chrono::steady_clock::duration::zero())));
  return outcome;
}

std::string find_program(const std::string& name) {
  if (name.contains('/')) return ::access(name.c_str(), X_OK) == 0 ? name : std::string();
  for (const char* directory :
       {"/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"}) {
    std::string path = directory + name;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return {};
}

}  // namespace fairlead::backend::oci
