// SPDX-License-Identifier: Apache-2.0
// Requests about open files.
#include "agent/file_io.hpp"
#include "agent/sftp_handlers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace fairlead::agent::sftp {
namespace {

int system_flags(std::uint32_t flags) {
  const bool read = (flags & open_flag::read) != 0;
  const bool write = (flags & open_flag::write) != 0;
  int result = O_CLOEXEC | O_NOCTTY;
  result |= write ? (read ? O_RDWR : O_WRONLY) : O_RDONLY;
  if ((flags & open_flag::append) != 0) result |= O_APPEND;
  if ((flags & open_flag::create) != 0) result |= O_CREAT;
  if ((flags & open_flag::truncate) != 0) result |= O_TRUNC;
  if ((flags & open_flag::exclusive) != 0) result |= O_EXCL;
  return result;
}

// An offset no file can have is refused by the kernel when it is negative.
off_t file_offset(std::uint64_t offset) {
  return offset > static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()) ? -1
                                                                                : static_cast<off_t>(offset);
}

bool same_file(int one, int other) {
  struct stat first{}, second{};
  return ::fstat(one, &first) == 0 && ::fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
         first.st_ino == second.st_ino;
}

}  // namespace

Status on_open(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto path = read_path(reader);
  const auto flags = reader.u32();
  const auto attributes = Attributes::decode(reader);
  if (!reader.ok()) return Status::bad_message();
  if (workspace.handles.full()) return Status::failure("Too many open handles");
  FileDescriptor file(::open(path.c_str(), system_flags(flags), attributes.mode_or(0666)));
  if (!file) return Status::of_errno(errno);
  reply.handle(workspace.handles.add(std::move(file)));
  return {};
}

Status on_close(Workspace& workspace, ssh::WireReader& reader, Reply&) {
  const auto handle = reader.string();
  if (!reader.ok()) return Status::bad_message();
  auto item = workspace.handles.take(handle);
  if (!item) return Status::unknown_handle();
  // NFS and quotas report a failed write at last here.
  if (auto* file = std::get_if<FileDescriptor>(&*item)) return Status::of_call(::close(file->release()));
  return {};
}

Status on_read(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto handle = reader.string();
  const auto offset = file_offset(reader.u64());
  const std::size_t length = std::min<std::size_t>(reader.u32(), longest_data);
  if (!reader.ok()) return Status::bad_message();
  const int file = workspace.handles.file(handle);
  if (file < 0) return Status::unknown_handle();
  Status status;
  reply.data(length, [&](ssh::MutableBytes space) -> std::int64_t {
    const auto got = read_at(file, space, offset);
    if (got < 0) status = Status::of_errno(errno);
    if (got != 0 || length == 0) return got;
    status = Status::eof();
    return -1;
  });
  return status;
}

Status on_write(Workspace& workspace, ssh::WireReader& reader, Reply&) {
  const auto handle = reader.string();
  const auto offset = file_offset(reader.u64());
  const auto data = reader.string();
  if (!reader.ok()) return Status::bad_message();
  const int file = workspace.handles.file(handle);
  if (file < 0) return Status::unknown_handle();
  // Linux appends to a file with O_APPEND whatever the offset says, which is what the draft asks for.
  return Status::of_call(write_at(file, data, offset) ? 0 : -1);
}

Status on_fstat(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto handle = reader.string();
  if (!reader.ok()) return Status::bad_message();
  const int file = workspace.handles.file(handle);
  if (file < 0) return Status::unknown_handle();
  struct stat status{};
  if (::fstat(file, &status) != 0) return Status::of_errno(errno);
  reply.attributes(Attributes::of(status));
  return {};
}

Status on_fsetstat(Workspace& workspace, ssh::WireReader& reader, Reply&) {
  const auto handle = reader.string();
  const auto attributes = Attributes::decode(reader);
  if (!reader.ok()) return Status::bad_message();
  const int file = workspace.handles.file(handle);
  return file < 0 ? Status::unknown_handle() : change_open_file(file, attributes);
}

Status on_fsync(Workspace& workspace, ssh::WireReader& reader, Reply&) {
  const auto handle = reader.string();
  if (!reader.ok()) return Status::bad_message();
  const int file = workspace.handles.file(handle);
  return file < 0 ? Status::unknown_handle() : Status::of_call(::fsync(file));
}

// draft-ietf-secsh-filexfer-extensions-00 section 7: length 0 means to the end of the file.
Status on_copy_data(Workspace& workspace, ssh::WireReader& reader, Reply&) {
  const auto from_handle = reader.string();
  const auto from_offset = file_offset(reader.u64());
  const auto length = reader.u64();
  const auto to_handle = reader.string();
  const auto to_offset = file_offset(reader.u64());
  if (!reader.ok()) return Status::bad_message();
  const int from = workspace.handles.file(from_handle);
  const int to = workspace.handles.file(to_handle);
  if (from < 0 || to < 0) return Status::unknown_handle();
  // A file that grows under the copy would never end.
  if (same_file(from, to)) return Status::failure("A file cannot be copied into itself");
  const auto copied = copy_range({from, from_offset}, {to, to_offset}, length);
  if (!copied) return Status::of_errno(errno);
  return length != 0 && *copied < length ? Status::eof() : Status{};
}

}  // namespace fairlead::agent::sftp
