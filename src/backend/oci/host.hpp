// SPDX-License-Identifier: Apache-2.0
// What this machine lets us do, found out by trying, and the places where boxes live.
#pragma once

#include "backend/journal.hpp"
#include "backend/oci/box_root.hpp"
#include "backend/oci/cgroups.hpp"
#include "backend/oci/ids.hpp"
#include "backend/oci/image_store.hpp"
#include "backend/oci/runtime.hpp"
#include "backend/oci/runtime_config.hpp"
#include "config/config.hpp"
#include "observe/log.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::backend::oci {

// Shared by all boxes of a backend; does not change after prepare() but for the image store, which is
// thread-safe.
struct Host {
  // Blocks. Throws BackendError with a sentence for the operator; says in one log line what is missing but
  // not needed.
  [[nodiscard]] static std::shared_ptr<Host> prepare(const config::Config& config, const observe::Log& log);

  std::string instance;
  std::filesystem::path boxes;  // one directory per box
  std::filesystem::path agent;  // our own copy: the original may lie where a box's root cannot go
  std::shared_ptr<const Ids> ids;
  std::shared_ptr<Journal> journal;
  std::unique_ptr<ImageStore> images;
  std::unique_ptr<BoxRoots> roots;
  std::optional<Runtime> runtime;
  Cgroups cgroups{{}};
  HostAbilities abilities;
  observe::Log log;
  // For tests that end the process at every step: called with the step's name before it is done.
  std::function<void(std::string_view step)> on_step = [](std::string_view) {};

  // Removes what an earlier daemon of this instance left; logs what it cannot.
  void remove_left_over();
  // The control group of a box, empty where there are none for us.
  [[nodiscard]] std::string cgroup(const std::string& id) const;
  // One box that only says its version: tells whether a runtime works here. Empty, or what is wrong.
  [[nodiscard]] std::string try_runtime(const std::string& program, const HostAbilities& tried) const;

 private:
  void find_runtime(const config::Config& config);
  void report() const;
};

// Removes a box of which only the id is known: processes, control groups, directory, journal entry. Throws
// BackendError when something stays; the journal entry stays then, too.
void remove_box(const Host& host, const std::string& id);

}  // namespace fairlead::backend::oci
