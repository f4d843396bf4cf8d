// SPDX-License-Identifier: Apache-2.0
// Control groups, both versions.
#include "backend/oci/cgroups.hpp"

#include "backend/oci/limits.hpp"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <sstream>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

fs::path place(const fs::path& mount, const std::string& group) {
  return fs::path(mount.native() + group);
}

std::uint64_t counter(const fs::path& file, const std::string& name) {
  std::ifstream in(file);
  std::string key;
  std::uint64_t value = 0;
  while (in >> key >> value)
    if (key == name) return value;
  return 0;
}

void kill_all(const fs::path& group) {
  if (std::ofstream(group / "cgroup.kill") << "1" << std::flush) return;  // Linux 5.14, version 2
  std::ifstream in(group / "cgroup.procs");
  for (pid_t pid = 0; in >> pid;)
    if (pid > 1) ::kill(pid, SIGKILL);
}

// The runtime may have made groups below ours.
bool remove_directory(const fs::path& group) {
  if (::rmdir(group.c_str()) == 0 || errno == ENOENT) return true;
  kill_all(group);
  std::error_code code;
  for (const auto& child : fs::directory_iterator(group, code))
    if (child.is_directory(code)) remove_directory(child.path());
  return ::rmdir(group.c_str()) == 0 || errno == ENOENT;
}

}  // namespace

Cgroups Cgroups::detect() {
  std::vector<fs::path> mounts;
  std::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    // … mount point is the fifth field; the type follows " - ".
    const auto separator = line.find(" - cgroup");
    if (separator == std::string::npos) continue;
    std::istringstream fields(line);
    std::string field;
    for (int i = 0; i < 5; ++i) fields >> field;
    mounts.emplace_back(field);
  }
  return Cgroups(std::move(mounts));
}

bool Cgroups::out_of_memory(const std::string& group) const {
  if (group.empty()) return false;
  for (const auto& mount : mounts_) {
    const auto directory = place(mount, group);
    if (counter(directory / "memory.events", "oom_kill") > 0) return true;
    if (counter(directory / "memory.oom_control", "oom_kill") > 0) return true;
  }
  return false;
}

bool Cgroups::exists(const std::string& group) const {
  for (const auto& mount : mounts_) {
    std::error_code code;
    if (fs::exists(place(mount, group), code)) return true;
  }
  return false;
}

void Cgroups::remove_empty(const std::string& group) const {
  for (const auto& mount : mounts_) ::rmdir(place(mount, group).c_str());
}

bool Cgroups::remove(const std::string& group) const {
  if (group.empty()) return true;
  const auto end = std::chrono::steady_clock::now() + limits::box_exit;
  for (;;) {
    bool gone = true;
    for (const auto& mount : mounts_) gone = remove_directory(place(mount, group)) && gone;
    if (gone) return true;
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 2);  // the kernel tells nobody when the last exiting task has left a version 1 group
  }
}

}  // namespace fairlead::backend::oci
