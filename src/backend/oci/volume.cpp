// SPDX-License-Identifier: Apache-2.0
// Sparse ext4 images on loop devices.
#include "backend/oci/volume.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/process.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

FileDescriptor open_file(const fs::path& path, int flags) {
  FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0600));
  if (!file) throw system_failure("open " + path.string(), errno);
  return file;
}

// Shares the blocks where the file system can, else copies what is not a hole.
void copy_sparse(int from, int to, std::uint64_t bytes) {
  if (::ioctl(to, FICLONE, from) == 0) return;
  if (::ftruncate(to, static_cast<off_t>(bytes)) != 0) throw system_failure("make a box's volume", errno);
  for (off_t at = 0;;) {
    off_t data = ::lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) return;
    const off_t hole = data < 0 ? -1 : ::lseek(from, data, SEEK_HOLE);
    if (hole < 0) throw system_failure("make a box's volume", errno);
    for (at = data; at < hole;) {
      off_t target = at;
      const auto copied = ::copy_file_range(from, &at, to, &target, static_cast<std::size_t>(hole - at), 0);
      if (copied <= 0) throw system_failure("make a box's volume", copied < 0 ? errno : EIO);
    }
  }
}

}  // namespace

fs::path Volumes::formatted(std::uint64_t bytes) const {
  const fs::path finished = directory_ / ("volume-" + std::to_string(bytes) + ".img");
  if (fs::exists(finished)) return finished;
  const std::string mkfs = find_program("mkfs.ext4");
  if (mkfs.empty()) throw failure("mkfs.ext4 is not installed (Debian: e2fsprogs)");
  // Several daemons and logins may come here at once: each makes its own, the last rename wins.
  fs::path temporary = finished;
  temporary += "." + std::to_string(::getpid()) + "." + std::to_string(::gettid());
  {
    const FileDescriptor file = open_file(temporary, O_RDWR | O_CREAT | O_TRUNC);
    if (::ftruncate(file.get(), static_cast<off_t>(bytes)) != 0) throw system_failure("make a volume", errno);
  }
  // What a box writes dies with it: no journal. No blocks reserved for root, no room to grow.
  const Outcome outcome = run({.arguments = {mkfs, "-q", "-F", "-m", "0", "-O", "^has_journal,^resize_inode",
                                             "-E", "lazy_itable_init=1,nodiscard", temporary.string()}},
                              limits::runtime_command);
  std::error_code code;
  if (outcome.status == 0) {
    fs::rename(temporary, finished, code);
    if (!code) return finished;
  }
  fs::remove(temporary, code);
  throw failure("mkfs.ext4 failed: " + outcome.output);
}

void Volumes::create(const fs::path& file, std::uint64_t bytes) const {
  constexpr std::uint64_t block = 4096;
  bytes = std::max(bytes, smallest) / block * block;
  const FileDescriptor from = open_file(formatted(bytes), O_RDONLY);
  const FileDescriptor to = open_file(file, O_RDWR | O_CREAT | O_EXCL);
  copy_sparse(from.get(), to.get(), bytes);
}

LoopDevice Volumes::attach(const fs::path& file) {
  const FileDescriptor backing = open_file(file, O_RDWR);
  const FileDescriptor control = open_file("/dev/loop-control", O_RDWR);
  loop_config config{};
  config.fd = static_cast<__u32>(backing.get());
  config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
  const std::string name = file.string();
  std::memcpy(config.info.lo_file_name, name.data(), std::min<std::size_t>(name.size(), LO_NAME_SIZE - 1));
  // The free device may be taken by someone else before we are: the kernel then says EBUSY.
  for (int attempt = 0; attempt < 200; ++attempt) {
    const int number = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (number < 0) throw system_failure("get a loop device", errno);
    LoopDevice device{{}, "/dev/loop" + std::to_string(number)};
    device.descriptor = open_file(device.path, O_RDWR);
    if (::ioctl(device.descriptor.get(), LOOP_CONFIGURE, &config) == 0) return device;
    if (errno != EBUSY) throw system_failure("attach " + name + " to " + device.path, errno);
  }
  throw failure("no loop device is free");
}

}  // namespace fairlead::backend::oci
