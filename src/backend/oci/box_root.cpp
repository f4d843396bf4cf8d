// SPDX-License-Identifier: Apache-2.0
// Overlay on the image, on a volume where possible; a copy where overlayfs is refused.
#include "backend/oci/box_root.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <array>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

// overlayfs splits its options at commas and lower directories at colons.
std::string escaped(const fs::path& path) {
  std::string result;
  for (const char c : path.native()) {
    if (c == '\\' || c == ',' || c == ':') result += '\\';
    result += c;
  }
  return result;
}

void make_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST)
    throw system_failure("create " + path.string(), errno);
}

MountStep directory_step(const fs::path& path, const IdMap& map, mode_t mode) {
  return {.kind = MountStep::Kind::make_directory,
          .source = {},
          .target = path,
          .type = {},
          .data = {},
          .uid = map.uid(0),
          .gid = map.gid(0),
          .mode = mode};
}

// Does nothing, but in the namespaces and with the mounts that a box gets.
std::string try_mounts(const Ids& ids, std::vector<MountStep> mounts) {
  try {
    (void)run({.arguments = {find_program("true")},
               .user_namespace = ids.user_namespace(),
               .own_mounts = true,
               .mounts = std::move(mounts)},
              limits::runtime_command);
    return {};
  } catch (const BackendError& error) {
    return error.what();
  }
}

}  // namespace

void BoxRoots::probe(const fs::path& scratch) {
  const IdMap map = ids_->map(true);
  const fs::path image = scratch / "image";
  make_directory(image);
  std::string problem;
  abilities_.overlay = true;
  // volatile: what a box writes dies with it, so its syncs need not reach the disk (Linux 5.10).
  const std::string user = ids_->root() ? "" : ",userxattr";
  for (const std::string& options : {user + ",volatile", user}) {
    abilities_.overlay_options = options;
    const fs::path box = scratch / ("overlay" + std::to_string(options.size()));
    make_directory(box);
    problem = try_mounts(*ids_, build(box, image, map, std::nullopt).mounts);
    if (problem.empty()) break;
  }
  if (!problem.empty()) {
    abilities_.overlay = false;
    abilities_.shortcoming = "overlayfs is refused (" + problem + "): each box is a full copy of its image";
    return;
  }
  if (!ids_->root()) return;
  try {
    abilities_.volumes = true;
    const fs::path box = scratch / "volume";
    make_directory(box);
    Plan plan = build(box, image, map, Volumes::smallest);
    problem = try_mounts(*ids_, std::move(plan.mounts));
  } catch (const BackendError& error) {
    problem = error.what();
  }
  if (!problem.empty()) abilities_.volumes = false;
}

BoxRoots::Plan BoxRoots::build(const fs::path& box, const fs::path& image, const IdMap& map,
                               std::optional<std::uint64_t> disk) const {
  make_directory(box / "root");
  if (!abilities_.overlay) {
    copy(image, box / "root");
    return {};
  }
  if (!disk || !abilities_.volumes) return overlay(box, image, map, box / "layer");
  const fs::path mounted = box / "volume", file = box / "volume.img";
  make_directory(mounted);
  volumes_.create(file, *disk);
  Plan plan = overlay(box, image, map, mounted / "layer");
  plan.loop = Volumes::attach(file);
  // discard gives the host back what the box deletes.
  plan.mounts.insert(plan.mounts.begin(), {.source = plan.loop->path,
                                           .target = mounted,
                                           .type = "ext4",
                                           .data = "discard",
                                           .flags = MS_NOSUID | MS_NODEV | MS_NOATIME});
  return plan;
}

BoxRoots::Plan BoxRoots::overlay(const fs::path& box, const fs::path& image, const IdMap& map,
                                 const fs::path& upper_parent) const {
  struct stat root{};
  const mode_t mode = ::stat(image.c_str(), &root) == 0 ? root.st_mode & 0777 : 0755;
  const fs::path upper = upper_parent / "upper", work = upper_parent / "work";
  Plan plan;
  plan.mounts.push_back(directory_step(upper_parent, map, 0700));
  plan.mounts.push_back(directory_step(upper, map, mode));  // its owner and mode become those of "/"
  plan.mounts.push_back(directory_step(work, map, 0700));
  plan.mounts.push_back({.source = "overlay",
                         .target = box / "root",
                         .type = "overlay",
                         .data = "lowerdir=" + escaped(image) + ",upperdir=" + escaped(upper) +
                                 ",workdir=" + escaped(work) + abilities_.overlay_options,
                         .flags = MS_NOSUID | MS_NODEV});
  return plan;
}

void BoxRoots::copy(const fs::path& image, const fs::path& root) const {
  const Outcome outcome =
      run({.arguments = {find_program("cp"), "-a", "--reflink=auto", (image / ".").string(), root.string()},
           .user_namespace = ids_->user_namespace()},
          limits::runtime_command);
  if (outcome.status == 0) return;
  const bool full = outcome.output.contains(std::strerror(ENOSPC));
  throw failure("cannot copy the image: " + outcome.output, full ? disk_full : start_failed);
}

}  // namespace fairlead::backend::oci
