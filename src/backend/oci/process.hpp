// SPDX-License-Identifier: Apache-2.0
// Starts host programs (runtimes, helpers) without a shell and without a copy of the daemon's memory,
// optionally in another user namespace and in a mount namespace of their own that is prepared first.
#pragma once

#include "base/file_descriptor.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::backend::oci {

// One preparation of a private mount namespace. Mounts made here die with the last process in it.
struct MountStep {
  enum class Kind { mount, make_directory };
  Kind kind = Kind::mount;
  std::string source{}, target{}, type{}, data{};
  unsigned long flags = 0;
  // make_directory: owner and mode; an existing directory is left as it is.
  uid_t uid = 0;
  gid_t gid = 0;
  mode_t mode = 0755;
};

struct Command {
  std::vector<std::string> arguments;  // [0] is the program's path
  std::vector<std::string> environment{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"};
  // Ours → the program's. 0, 1 and 2 are /dev/null unless named; nothing else is inherited.
  std::vector<std::pair<int, int>> descriptors{};
  int user_namespace = -1;  // joined first, as its root
  bool own_mounts = false;  // a private mount namespace with `mounts` done in it
  std::vector<MountStep> mounts{};
};

// A child of ours. Killed and reaped when dropped.
class Process {
 public:
  Process() = default;
  Process(pid_t pid, FileDescriptor descriptor) : pid_(pid), descriptor_(std::move(descriptor)) {}
  Process(Process&& other) noexcept = default;
  Process& operator=(Process&& other) noexcept;
  ~Process() { kill(); }

  // Exit status, or 128 + signal; -1 when it was still running at the deadline (it is killed and reaped
  // then).
  int wait(std::chrono::milliseconds deadline);
  void kill() noexcept;
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }
  explicit operator bool() const noexcept { return static_cast<bool>(descriptor_); }

 private:
  int reap() noexcept;
  pid_t pid_ = -1;
  FileDescriptor descriptor_;  // pidfd
};

// Returns once the program runs. Throws BackendError that names the step that failed (a mount, the program
// itself).
[[nodiscard]] Process start(const Command& command);

struct Outcome {
  int status = -1;     // as Process::wait
  std::string output;  // standard output and error, cut to limits::error_text
};
[[nodiscard]] Outcome run(Command command, std::chrono::milliseconds deadline);

// Waits until the process behind a pidfd, child or not, has ended.
[[nodiscard]] bool wait_for_exit(int pidfd, std::chrono::milliseconds deadline);

// The program's path in the usual directories, or empty.
[[nodiscard]] std::string find_program(const std::string& name);

}  // namespace fairlead::backend::oci
