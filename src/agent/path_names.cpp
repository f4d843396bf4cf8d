// SPDX-License-Identifier: Apache-2.0
// Home directories and canonical names.
#include "agent/path_names.hpp"

#include "agent/passwd.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

namespace fairlead::agent {
namespace {

std::optional<std::string> existing_path(const std::string& path) {
  struct Free {
    void operator()(char* memory) const noexcept { std::free(memory); }
  };
  const std::unique_ptr<char, Free> resolved(::realpath(path.c_str(), nullptr));
  if (!resolved) return {};
  return resolved.get();
}

}  // namespace

std::optional<std::string> home_directory(std::string_view user) {
  const char* home = user.empty() ? std::getenv("HOME") : nullptr;
  if (home != nullptr && *home == '/') return home;
  const auto passwd = read_account_file("/etc/passwd");
  const auto account = user.empty() ? find_user(passwd, ::geteuid()) : find_user(passwd, user);
  if (account && account->home.starts_with('/')) return account->home;
  if (user.empty()) return "/";
  return {};
}

std::optional<std::string> expand_tilde(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const auto slash = std::min(path.find('/'), path.size());
  const auto home = home_directory(std::string_view(path).substr(1, slash - 1));
  if (!home) return {};
  return *home + path.substr(slash);
}

std::optional<std::string> canonical_path(const std::string& path) {
  if (auto existing = existing_path(path)) return existing;
  if (errno != ENOENT) return {};
  // The name of something that is not there yet, or of a link to nothing, in a directory that is there.
  auto name = path;
  while (name.size() > 1 && name.ends_with('/')) name.pop_back();
  const auto slash = name.rfind('/');
  const auto last = slash == std::string::npos ? name : name.substr(slash + 1);
  const auto parent = slash == std::string::npos ? "." : slash == 0 ? "/" : name.substr(0, slash);
  if (last.empty() || last == "." || last == "..") {
    errno = ENOENT;
    return {};
  }
  auto directory = existing_path(parent);
  if (!directory) return {};
  return (*directory == "/" ? "" : *directory) + '/' + last;
}

}  // namespace fairlead::agent
