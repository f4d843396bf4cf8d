// SPDX-License-Identifier: Apache-2.0
// Id ranges from /etc/subuid and the unprivileged daemon's user namespace.
#include "backend/oci/ids.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/process.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <charconv>
#include <csignal>
#include <fstream>
#include <vector>

namespace fairlead::backend::oci {

namespace {

constexpr std::uint32_t overflow_id = 65534;  // the kernel's and Debian's nobody

std::string user_name(uid_t uid) {
  std::array<char, 4096> buffer{};
  struct passwd entry{};
  struct passwd* found = nullptr;
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || !found) return {};
  return found->pw_name;
}

bool number(std::string_view text, std::uint32_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool write_file(const std::string& path, const std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// A child that sits in a new user namespace until `release` closes.
struct Sitter {
  pid_t pid = -1;
  FileDescriptor release;
  ~Sitter() {
    release.reset();
    if (pid > 0) ::waitpid(pid, nullptr, 0);
  }
};

// False with errno when the kernel refuses.
bool sit(Sitter& sitter) {
  std::array<int, 2> ready{}, release{};
  if (::pipe2(ready.data(), O_CLOEXEC) != 0) return false;
  const FileDescriptor ready_read(ready[0]);
  FileDescriptor ready_write(ready[1]);
  if (::pipe2(release.data(), O_CLOEXEC) != 0) return false;
  const FileDescriptor release_read(release[0]);
  sitter.release = FileDescriptor(release[1]);
  sitter.pid = ::fork();
  if (sitter.pid < 0) return false;
  if (sitter.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(release[1]);
    int error = ::unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
    // The daemon is not dumpable, so its copy belongs to root in /proc; ids are mapped by who it belongs to.
    ::prctl(PR_SET_DUMPABLE, 1);
    char byte = 0;
    if (::write(ready[1], &error, sizeof error) == sizeof error) [[maybe_unused]]
      const auto end = ::read(release[0], &byte, 1);
    ::_exit(0);
  }
  ready_write.reset();
  int error = EPIPE;
  if (::read(ready_read.get(), &error, sizeof error) != sizeof error) error = EPIPE;
  errno = error;
  return error == 0;
}

bool become_root_of(int user_namespace) {
  if (::setns(user_namespace, CLONE_NEWUSER) != 0) return false;
  ::syscall(SYS_setgroups, 0, nullptr);  // refused where only one id is mapped: then there are none to lose
  if (::syscall(SYS_setresgid, 0, 0, 0) != 0 || ::syscall(SYS_setresuid, 0, 0, 0) != 0) return false;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // cleared by the change of ids
  return true;
}

}  // namespace

std::uint32_t IdMap::map(std::int64_t id, std::uint32_t first) const noexcept {
  if (!namespaced) return id < 0 ? 0 : static_cast<std::uint32_t>(id);
  if (id >= 0 && id < count) return first + static_cast<std::uint32_t>(id);
  return first + (overflow_id < count ? overflow_id : 0);
}

std::string IdMap::tag() const {
  if (!namespaced) return "host";
  return std::to_string(first_uid) + "." + std::to_string(first_gid) + "." + std::to_string(count);
}

std::uint32_t subordinate_ids(const std::string& file, const std::string& user, uid_t uid,
                              std::uint32_t count) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const auto first_colon = line.find(':');
    const auto second_colon =
        line.find(':', first_colon == std::string::npos ? first_colon : first_colon + 1);
    if (second_colon == std::string::npos) continue;
    const std::string_view view = line;
    const auto name = view.substr(0, first_colon);
    if ((user.empty() || name != user) && name != std::to_string(uid)) continue;
    std::uint32_t first = 0, size = 0;
    if (number(view.substr(first_colon + 1, second_colon - first_colon - 1), first) &&
        number(view.substr(second_colon + 1), size) && first > 0 && size >= count)
      return first;
  }
  return 0;
}

std::shared_ptr<const Ids> Ids::detect() {
  auto ids = std::make_shared<Ids>();
  if (::geteuid() != 0) {
    ids->enter_own_namespace();
    return ids;
  }
  const auto range = [](const char* file) {
    for (const char* user : {"fairlead", "root"})
      if (const auto first = subordinate_ids(
              file, user, user == std::string_view("root") ? 0 : static_cast<uid_t>(-1), limits::mapped_ids))
        return first;
    return limits::first_mapped_id;
  };
  ids->root_map_ = {true, range("/etc/subuid"), range("/etc/subgid"), limits::mapped_ids};
  return ids;
}

IdMap Ids::map(bool user_namespace) const {
  if (!root()) return {true, 0, 0, mapped_, mapped_ > 1};
  return user_namespace ? root_map_ : IdMap{};
}

void Ids::enter_own_namespace() {
  Sitter sitter;
  if (!sit(sitter))
    throw failure(std::string("this kernel refuses user namespaces to an unprivileged user (") +
                  std::strerror(errno) +
                  "); run fairlead as root, or allow them (sysctl kernel.unprivileged_userns_clone=1, "
                  "user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0)");
  const std::string proc = "/proc/" + std::to_string(sitter.pid);
  const uid_t uid = ::geteuid();
  const gid_t gid = ::getegid();
  const std::string user = user_name(uid);
  const auto more = limits::mapped_ids - 1;
  const auto first_uid = subordinate_ids("/etc/subuid", user, uid, more);
  const auto first_gid = subordinate_ids("/etc/subgid", user, uid, more);
  const std::string newuidmap = find_program("newuidmap"), newgidmap = find_program("newgidmap");
  const auto map = [&](const std::string& program, std::uint32_t own, std::uint32_t first) {
    const Outcome outcome = run({.arguments = {program, std::to_string(sitter.pid), "0", std::to_string(own),
                                               "1", "1", std::to_string(first), std::to_string(more)}},
                                limits::runtime_command);
    return outcome.status == 0;
  };
  if (first_uid && first_gid && !newuidmap.empty() && !newgidmap.empty() && map(newuidmap, uid, first_uid) &&
      map(newgidmap, gid, first_gid)) {
    mapped_ = limits::mapped_ids;
  } else {
    shortcoming_ = "boxes have a single user id, because " +
                   (newuidmap.empty() ? std::string("newuidmap is not installed (Debian: uidmap)")
                                      : "/etc/subuid and /etc/subgid give " + user + " no " +
                                            std::to_string(more) + " ids");
    const std::string rest = " 1\n";
    if (!write_file(proc + "/setgroups", "deny") ||
        !write_file(proc + "/uid_map", "0 " + std::to_string(uid) + rest) ||
        !write_file(proc + "/gid_map", "0 " + std::to_string(gid) + rest))
      throw system_failure("map ids into a user namespace", errno);
    mapped_ = 1;
  }
  namespace_ = FileDescriptor(::open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!namespace_) throw system_failure("open the user namespace", errno);
}

Ids::Child Ids::fork(const Work& work) const {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw system_failure("start a helper process", errno);
  FileDescriptor read_end(pipe[0]);
  const FileDescriptor write_end(pipe[1]);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw system_failure("start a helper process", errno);
  if (pid > 0) return {pid, std::move(read_end)};

  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);
  std::string problem;
  if (namespace_ && !become_root_of(namespace_.get())) problem = "cannot join the user namespace";
  if (problem.empty()) problem = work();
  [[maybe_unused]] const auto written =
      ::write(pipe[1], problem.data(), std::min<std::size_t>(problem.size(), 4096));
  ::_exit(problem.empty() ? 0 : 1);
}

Ids::Child::~Child() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Ids::Child::finish(const std::string& what, const char* user_text) {
  std::string problem;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(report_.get(), buffer.data(), buffer.size())) != 0;) {
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) break;
    problem.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  if (problem.empty()) problem = "the helper process died";
  const bool full = problem.contains(std::strerror(ENOSPC));
  throw failure("cannot " + what + ": " + problem, full ? disk_full : user_text);
}

}  // namespace fairlead::backend::oci
