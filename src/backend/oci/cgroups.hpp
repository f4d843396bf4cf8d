// SPDX-License-Identifier: Apache-2.0
// What this backend itself does with control groups: tell an out-of-memory kill, end what is left, remove the
// directories. The limits are set by the runtime.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace fairlead::backend::oci {

// Where control groups are mounted: one place (version 2) or several (version 1, hybrid).
class Cgroups {
 public:
  [[nodiscard]] static Cgroups detect();
  explicit Cgroups(std::vector<std::filesystem::path> mounts) : mounts_(std::move(mounts)) {}

  [[nodiscard]] bool unified() const noexcept { return mounts_.size() == 1; }
  // Whether the kernel killed something in this group for lack of memory.
  [[nodiscard]] bool out_of_memory(const std::string& group) const;
  // Kills every process that is left and removes the group everywhere. False when something stays (processes
  // that the kernel cannot end now).
  [[nodiscard]] bool remove(const std::string& group) const;
  // Removes the group where nothing is in it.
  void remove_empty(const std::string& group) const;
  [[nodiscard]] bool exists(const std::string& group) const;

 private:
  std::vector<std::filesystem::path> mounts_;
};

}  // namespace fairlead::backend::oci
