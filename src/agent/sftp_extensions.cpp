// SPDX-License-Identifier: Apache-2.0
// OpenSSH's extensions (its PROTOCOL file, section 4): the table, and those that fit nowhere else.
#include "agent/path_names.hpp"
#include "agent/sftp_handlers.hpp"

#include <sys/statvfs.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace fairlead::agent::sftp {
namespace {

Status answer_statvfs(int result, const struct statvfs& status, Reply& reply) {
  if (result != 0) return Status::of_errno(errno);
  constexpr std::uint64_t read_only = 1, no_set_id = 2;
  reply.packet(Message::extended_reply, [&](ssh::WireWriter& writer) {
    for (const std::uint64_t value :
         {std::uint64_t{status.f_bsize}, std::uint64_t{status.f_frsize}, std::uint64_t{status.f_blocks},
          std::uint64_t{status.f_bfree}, std::uint64_t{status.f_bavail}, std::uint64_t{status.f_files},
          std::uint64_t{status.f_ffree}, std::uint64_t{status.f_favail}, std::uint64_t{status.f_fsid}})
      writer.u64(value);
    writer.u64(((status.f_flag & ST_RDONLY) != 0 ? read_only : 0) |
               ((status.f_flag & ST_NOSUID) != 0 ? no_set_id : 0));
    writer.u64(status.f_namemax);
  });
  return {};
}

Status on_statvfs(Workspace&, ssh::WireReader& reader, Reply& reply) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  struct statvfs status{};
  return answer_statvfs(::statvfs(path.c_str(), &status), status, reply);
}

Status on_fstatvfs(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto handle = reader.string();
  if (!reader.ok()) return Status::bad_message();
  const int file = workspace.handles.file(handle);
  if (file < 0) return Status::unknown_handle();
  struct statvfs status{};
  return answer_statvfs(::fstatvfs(file, &status), status, reply);
}

Status on_limits(Workspace&, ssh::WireReader&, Reply& reply) {
  reply.packet(Message::extended_reply, [](ssh::WireWriter& writer) {
    writer.u64(longest_packet).u64(longest_data).u64(longest_data).u64(handles);
  });
  return {};
}

Status on_home_directory(Workspace&, ssh::WireReader& reader, Reply& reply) {
  const auto user = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  const auto home = home_directory(user);
  if (!home) return Status::failure("No such user");
  reply.name(*home);
  return {};
}

// A string of numbers to a string of names, an empty one for a number without a name. False when the names
// get too long for a packet.
template <class NameOf>
bool translate(ssh::Bytes numbers, ssh::ByteBuffer& names, NameOf name_of) {
  ssh::WireReader reader(numbers);
  ssh::WireWriter writer(names);
  while (!reader.rest().empty()) {
    writer.string(name_of(reader.u32()));
    if (!reader.ok() || names.size() > longest_data) return false;
  }
  return true;
}

Status on_names_by_id(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto uids = reader.string();
  const auto gids = reader.string();
  if (!reader.ok()) return Status::bad_message();
  ssh::ByteBuffer users, groups;
  auto& names = workspace.names;
  if (!translate(uids, users, [&](uid_t uid) -> std::string_view { return names.user(uid); }) ||
      !translate(gids, groups, [&](gid_t gid) -> std::string_view { return names.group(gid); }) ||
      users.size() + groups.size() > longest_data)
    return Status::bad_message();
  reply.packet(Message::extended_reply,
               [&](ssh::WireWriter& writer) { writer.string(users.readable()).string(groups.readable()); });
  return {};
}

constexpr std::array<Extension, 11> table{{
    {"posix-rename@openssh.com", "1", on_posix_rename},
    {"statvfs@openssh.com", "2", on_statvfs},
    {"fstatvfs@openssh.com", "2", on_fstatvfs},
    {"hardlink@openssh.com", "1", on_hardlink},
    {"fsync@openssh.com", "1", on_fsync},
    {"lsetstat@openssh.com", "1", on_lsetstat},
    {"limits@openssh.com", "1", on_limits},
    {"expand-path@openssh.com", "1", on_expand_path},
    {"copy-data", "1", on_copy_data},
    {"home-directory", "1", on_home_directory},
    {"users-groups-by-id@openssh.com", "1", on_names_by_id},
}};

}  // namespace

std::span<const Extension> extensions() {
  return table;
}

Status on_extended(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto name = reader.text();
  if (!reader.ok()) return Status::bad_message();
  const auto found = std::ranges::find(table, name, &Extension::name);
  return found == table.end() ? Status::unsupported() : found->handler(workspace, reader, reply);
}

}  // namespace fairlead::agent::sftp
