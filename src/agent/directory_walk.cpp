// SPDX-License-Identifier: Apache-2.0
// Step by step from the root: each step is taken from an open directory, so that nobody can move it
// meanwhile.
#include "agent/directory_walk.hpp"

#include "agent/limits.hpp"

#include <climits>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace fairlead::agent {
namespace {

using Failure = std::unexpected<std::string>;

constexpr int where = O_PATH | O_NOFOLLOW | O_CLOEXEC;

Failure system_failure(std::string_view name) {
  return Failure(std::string(name) + ": " + ::strerrordesc_np(errno));
}

class Walk {
 public:
  Walk(std::string_view path, const Account& owner) : owner_(owner) { put_before(path); }

  std::expected<FileDescriptor, std::string> run() {
    here_ = FileDescriptor(::open("/", where | O_DIRECTORY));
    while (here_ && !ahead_.empty()) {
      const std::string name = std::move(ahead_.back());
      ahead_.pop_back();
      if (auto stepped = step(name); !stepped) return Failure(std::move(stepped.error()));
    }
    if (!here_) return system_failure("/");
    return std::move(here_);
  }

 private:
  // The parts of `path` are the next ones.
  void put_before(std::string_view path) {
    while (!path.empty()) {
      const auto slash = path.rfind('/');
      const auto part = slash == std::string_view::npos ? path : path.substr(slash + 1);
      if (!part.empty() && part != ".") ahead_.emplace_back(part);
      path = path.substr(0, slash == std::string_view::npos ? 0 : slash);
    }
  }

  std::expected<void, std::string> step(const std::string& name) {
    FileDescriptor next(::openat(here_.get(), name.c_str(), where));
    if (!next && errno == ENOENT) next = make(name);
    struct stat status{};
    if (!next || ::fstat(next.get(), &status) != 0) return system_failure(name);
    if (S_ISLNK(status.st_mode)) return follow(name, next, status.st_uid);
    errno = ENOTDIR;
    if (!S_ISDIR(status.st_mode)) return system_failure(name);
    here_ = std::move(next);
    return {};
  }

  FileDescriptor make(const std::string& name) const {
    if (::mkdirat(here_.get(), name.c_str(), S_IRWXU | S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH) != 0) return {};
    FileDescriptor made(::openat(here_.get(), name.c_str(), where | O_DIRECTORY));
    if (made && owner_.change_ids && ::fchownat(made.get(), "", owner_.uid, owner_.gid, AT_EMPTY_PATH) != 0)
      return {};
    return made;
  }

  std::expected<void, std::string> follow(const std::string& name, const FileDescriptor& link, uid_t uid) {
    if (uid != 0 && uid != ::geteuid())
      return Failure(name + " is a symbolic link that neither root nor the agent has made");
    std::array<char, PATH_MAX> target;
    const auto size = ::readlinkat(link.get(), "", target.data(), target.size());
    if (size <= 0) return system_failure(name);
    errno = ELOOP;
    if (++links_ > limits::symbolic_links) return system_failure(name);
    const std::string_view path(target.data(), static_cast<std::size_t>(size));
    if (path.starts_with('/')) here_ = FileDescriptor(::open("/", where | O_DIRECTORY));
    put_before(path);
    return {};
  }

  const Account& owner_;
  FileDescriptor here_;
  std::vector<std::string> ahead_;  // the next one last
  unsigned links_ = 0;
};

}  // namespace

std::expected<FileDescriptor, std::string> open_directory(std::string_view path, const Account& owner) {
  return Walk(path, owner).run();
}

}  // namespace fairlead::agent
