// SPDX-License-Identifier: Apache-2.0
// A file system of fixed size for what one box writes: a sparse file on a loop device, so that the kernel
// bounds it.
#pragma once

#include "base/file_descriptor.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace fairlead::backend::oci {

// An attached loop device. It detaches itself when this is dropped and nothing has it mounted any more.
struct LoopDevice {
  FileDescriptor descriptor;
  std::string path;
};

// `directory` keeps one formatted template per size; creating a volume copies its few hundred kilobytes of
// data.
class Volumes {
 public:
  explicit Volumes(std::filesystem::path directory) : directory_(std::move(directory)) {}

  static constexpr std::uint64_t smallest = std::uint64_t{16}
                                            << 20;  // below, ext4 has no room for its own tables
  // Throws BackendError. `file` must not exist.
  void create(const std::filesystem::path& file, std::uint64_t bytes) const;
  [[nodiscard]] static LoopDevice attach(const std::filesystem::path& file);

 private:
  [[nodiscard]] std::filesystem::path formatted(std::uint64_t bytes) const;
  std::filesystem::path directory_;
};

}  // namespace fairlead::backend::oci
