// SPDX-License-Identifier: Apache-2.0
// The OCI runtime's command line: crun and runc understand the same one.
#pragma once

#include "backend/oci/box_root.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace fairlead::backend::oci {

// The files of one box that the runtime reads and writes, all in the box's directory.
struct BoxFiles {
  std::filesystem::path box;
  [[nodiscard]] std::filesystem::path root() const { return box / "root"; }
  [[nodiscard]] std::filesystem::path config() const { return box / "config.json"; }
  [[nodiscard]] std::filesystem::path runtime_state() const { return box / "runtime"; }
  [[nodiscard]] std::filesystem::path log() const { return box / "runtime.log"; }
  [[nodiscard]] std::filesystem::path pid() const { return box / "pid"; }
};

class Runtime {
 public:
  Runtime(std::string program, int user_namespace)
      : program_(std::move(program)), user_namespace_(user_namespace) {}

  [[nodiscard]] const std::string& program() const noexcept { return program_; }
  // Starts the box and returns its init's pid. `link` becomes descriptor 3 of it. Throws BackendError with
  // the runtime's own words.
  [[nodiscard]] pid_t start_box(const BoxFiles& files, const std::string& id, BoxRoots::Plan plan,
                                int link) const;
  // Runs a box in the foreground to its end: its exit status. Throws BackendError when it could not be
  // started.
  [[nodiscard]] int run_box(const BoxFiles& files, const std::string& id, BoxRoots::Plan plan) const;
  // Ends whatever the runtime knows of the box; true when it knew none or could.
  bool remove_box(const BoxFiles& files, const std::string& id) const;

 private:
  [[nodiscard]] Command command(const BoxFiles& files, std::vector<std::string> arguments) const;
  std::string program_;
  int user_namespace_;
};

// The last error in a runtime's JSON log, or a general sentence.
[[nodiscard]] std::string runtime_error(const std::filesystem::path& log);

}  // namespace fairlead::backend::oci
