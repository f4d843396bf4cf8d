// SPDX-License-Identifier: Apache-2.0
// What a box is held to and how programs run in it, whatever makes it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::config {

// Limits of one box; what is not set is not limited.
struct Limits {
  std::optional<std::uint64_t> memory = std::uint64_t{1} << 30;  // bytes, swap included
  std::optional<double> cpus = 2;
  std::optional<std::uint64_t> pids = 512;
  std::optional<std::uint64_t> disk = std::uint64_t{10}
                                      << 30;  // bytes written by the box, where the host allows
};

// How programs are run in a box, whatever runs it.
struct Programs {
  std::string user;                        // "" is the image's
  std::string working_directory;           // "" is the image's, then the account's home
  std::vector<std::string> shell_command;  // "" is the account's login shell
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> subsystems;
  bool expose_metadata_as_env = false;  // Metadata::metadata as variables, below its environment
  std::string file_transfer = "auto";   // "auto", "internal", "image": whose sftp-server and scp
};

}  // namespace fairlead::config
