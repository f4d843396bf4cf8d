// SPDX-License-Identifier: Apache-2.0
// Attributes between the wire and the file system.
#include "agent/sftp_attributes.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <limits>

namespace fairlead::agent::sftp {
namespace {

constexpr mode_t permission_bits = 07777;

std::array<timespec, 2> time_pair(const Attributes::Times& times) {
  return {timespec{static_cast<time_t>(times.access), 0},
          timespec{static_cast<time_t>(times.modification), 0}};
}

// Wire sizes are unsigned; what no file can have becomes a size the kernel refuses.
off_t file_size(std::uint64_t size) {
  return size > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()) ? -1 : static_cast<off_t>(size);
}

class Changes {
 public:
  void made(int result) {
    if (result < 0) status_ = Status::of_errno(errno);
  }
  [[nodiscard]] Status status() && { return std::move(status_); }

 private:
  Status status_;
};

}  // namespace

Attributes Attributes::decode(ssh::WireReader& reader) {
  Attributes attributes;
  const std::uint32_t flags = reader.u32();
  if ((flags & attribute_flag::size) != 0) attributes.size = reader.u64();
  if ((flags & attribute_flag::ids) != 0) {
    const uid_t uid = reader.u32();
    attributes.ids = Ids{uid, reader.u32()};
  }
  if ((flags & attribute_flag::permissions) != 0) attributes.permissions = reader.u32();
  if ((flags & attribute_flag::times) != 0) {
    const std::uint32_t access = reader.u32();
    attributes.times = Times{access, reader.u32()};
  }
  if ((flags & attribute_flag::extended) != 0) {
    const std::uint32_t count = reader.u32();
    if (count > extended_attributes) (void)reader.raw(std::numeric_limits<std::size_t>::max());  // fails
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) {
      (void)reader.string();
      (void)reader.string();
    }
  }
  return attributes;
}

Attributes Attributes::of(const struct stat& status) {
  return {.size = static_cast<std::uint64_t>(status.st_size),
          .ids = Ids{status.st_uid, status.st_gid},
          .permissions = status.st_mode,
          .times = Times{static_cast<std::uint32_t>(status.st_atime),
                         static_cast<std::uint32_t>(status.st_mtime)}};
}

void Attributes::encode(ssh::WireWriter writer) const {
  writer.u32((size ? attribute_flag::size : 0) | (ids ? attribute_flag::ids : 0) |
             (permissions ? attribute_flag::permissions : 0) | (times ? attribute_flag::times : 0));
  if (size) writer.u64(*size);
  if (ids) writer.u32(ids->uid).u32(ids->gid);
  if (permissions) writer.u32(*permissions);
  if (times) writer.u32(times->access).u32(times->modification);
}

mode_t Attributes::mode_or(mode_t usual) const {
  return permissions.value_or(usual) & permission_bits;
}

Status change_path(const char* path, const Attributes& attributes) {
  Changes changes;
  if (attributes.size) changes.made(::truncate(path, file_size(*attributes.size)));
  if (attributes.permissions) changes.made(::chmod(path, *attributes.permissions & permission_bits));
  if (attributes.times) changes.made(::utimensat(AT_FDCWD, path, time_pair(*attributes.times).data(), 0));
  if (attributes.ids) changes.made(::chown(path, attributes.ids->uid, attributes.ids->gid));
  return std::move(changes).status();
}

Status change_open_file(int fd, const Attributes& attributes) {
  Changes changes;
  if (attributes.size) changes.made(::ftruncate(fd, file_size(*attributes.size)));
  if (attributes.permissions) changes.made(::fchmod(fd, *attributes.permissions & permission_bits));
  if (attributes.times) changes.made(::futimens(fd, time_pair(*attributes.times).data()));
  if (attributes.ids) changes.made(::fchown(fd, attributes.ids->uid, attributes.ids->gid));
  return std::move(changes).status();
}

Status change_link(const char* path, const Attributes& attributes) {
  if (attributes.size) return Status::bad_message();
  Changes changes;
  if (attributes.permissions)
    changes.made(::fchmodat(AT_FDCWD, path, *attributes.permissions & permission_bits, AT_SYMLINK_NOFOLLOW));
  if (attributes.times)
    changes.made(::utimensat(AT_FDCWD, path, time_pair(*attributes.times).data(), AT_SYMLINK_NOFOLLOW));
  if (attributes.ids) changes.made(::lchown(path, attributes.ids->uid, attributes.ids->gid));
  return std::move(changes).status();
}

}  // namespace fairlead::agent::sftp
