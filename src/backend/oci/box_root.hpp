// SPDX-License-Identifier: Apache-2.0
// A box's root file system: the image, shared and read-only, below a layer of the box's own.
#pragma once

#include "backend/oci/ids.hpp"
#include "backend/oci/process.hpp"
#include "backend/oci/volume.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::backend::oci {

// What the host lets us do; found out by probe().
struct RootAbilities {
  bool overlay = false;
  std::string overlay_options;  // after upper and work, each with a leading comma
  bool volumes = false;         // the kernel bounds what a box writes
  std::string shortcoming;      // for the log, empty when nothing is missing
};

class BoxRoots {
 public:
  BoxRoots(std::shared_ptr<const Ids> ids, std::filesystem::path volumes)
      : ids_(std::move(ids)), volumes_(std::move(volumes)) {}

  // Tries overlayfs and volumes in `scratch`, an empty directory that it leaves dirty. Throws nothing but
  // memory errors.
  void probe(const std::filesystem::path& scratch);
  [[nodiscard]] const RootAbilities& abilities() const noexcept { return abilities_; }

  // `mounts` make the root at `<box>/root` in the private mount namespace of the runtime; `loop` must live
  // until they did.
  struct Plan {
    std::vector<MountStep> mounts;
    std::optional<LoopDevice> loop;
  };
  // Makes what has to exist in `box`, a directory of this box alone. Throws BackendError.
  [[nodiscard]] Plan build(const std::filesystem::path& box, const std::filesystem::path& image,
                           const IdMap& map, std::optional<std::uint64_t> disk) const;

 private:
  [[nodiscard]] Plan overlay(const std::filesystem::path& box, const std::filesystem::path& image,
                             const IdMap& map, const std::filesystem::path& upper_parent) const;
  void copy(const std::filesystem::path& image, const std::filesystem::path& root) const;
  std::shared_ptr<const Ids> ids_;
  Volumes volumes_;
  RootAbilities abilities_;
};

}  // namespace fairlead::backend::oci
