// SPDX-License-Identifier: Apache-2.0
// Requests about names in the file system.
#include "agent/path_names.hpp"
#include "agent/sftp_handlers.hpp"

#include <climits>

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

namespace fairlead::agent::sftp {
namespace {

Status answer_stat(ssh::WireReader& reader, Reply& reply, int flags) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  struct stat status{};
  if (::fstatat(AT_FDCWD, path.c_str(), &status, flags) != 0) return Status::of_errno(errno);
  reply.attributes(Attributes::of(status));
  return {};
}

// One path, one system call.
template <class Call>
Status with_path(ssh::WireReader& reader, Call call) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  return Status::of_call(call(path.c_str()));
}

template <class Call>
Status with_two_paths(ssh::WireReader& reader, Call call) {
  const auto first = read_path(reader);
  const auto second = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  return Status::of_call(call(first.c_str(), second.c_str()));
}

// Section 6.5: it is an error if there already is a file with the new name.
int rename_unless_taken(const char* from, const char* to) {
  const int result = ::renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
  if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
  // This file system cannot do it in one step.
  struct stat status{};
  if (::lstat(to, &status) != 0) return ::rename(from, to);
  errno = EEXIST;
  return -1;
}

Status answer_canonical(const std::string& path, Reply& reply) {
  const auto resolved = canonical_path(path);
  if (!resolved) return Status::of_errno(errno);
  reply.name(*resolved);
  return {};
}

}  // namespace

Status on_lstat(Workspace&, ssh::WireReader& reader, Reply& reply) {
  return answer_stat(reader, reply, AT_SYMLINK_NOFOLLOW);
}

Status on_stat(Workspace&, ssh::WireReader& reader, Reply& reply) {
  return answer_stat(reader, reply, 0);
}

Status on_setstat(Workspace&, ssh::WireReader& reader, Reply&) {
  const auto path = read_path(reader);
  const auto attributes = Attributes::decode(reader);
  return reader.ok() ? change_path(path.c_str(), attributes) : Status::bad_message();
}

Status on_lsetstat(Workspace&, ssh::WireReader& reader, Reply&) {
  const auto path = read_path(reader);
  const auto attributes = Attributes::decode(reader);
  return reader.ok() ? change_link(path.c_str(), attributes) : Status::bad_message();
}

Status on_remove(Workspace&, ssh::WireReader& reader, Reply&) {
  return with_path(reader, ::unlink);
}

Status on_mkdir(Workspace&, ssh::WireReader& reader, Reply&) {
  const auto path = read_path(reader);
  const auto attributes = Attributes::decode(reader);
  if (!reader.ok()) return Status::bad_message();
  return Status::of_call(::mkdir(path.c_str(), attributes.mode_or(0777)));
}

Status on_rmdir(Workspace&, ssh::WireReader& reader, Reply&) {
  return with_path(reader, ::rmdir);
}

Status on_rename(Workspace&, ssh::WireReader& reader, Reply&) {
  return with_two_paths(reader, rename_unless_taken);
}

Status on_posix_rename(Workspace&, ssh::WireReader& reader, Reply&) {
  return with_two_paths(reader, ::rename);
}

Status on_hardlink(Workspace&, ssh::WireReader& reader, Reply&) {
  return with_two_paths(reader, ::link);
}

// OpenSSH took the draft's linkpath and targetpath the other way round, and everybody followed: the target
// comes first.
Status on_symlink(Workspace&, ssh::WireReader& reader, Reply&) {
  return with_two_paths(reader, ::symlink);
}

Status on_readlink(Workspace&, ssh::WireReader& reader, Reply& reply) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  std::array<char, PATH_MAX> target{};
  const auto size = ::readlink(path.c_str(), target.data(), target.size());
  if (size < 0) return Status::of_errno(errno);
  reply.name({target.data(), static_cast<std::size_t>(size)});
  return {};
}

Status on_realpath(Workspace&, ssh::WireReader& reader, Reply& reply) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  return answer_canonical(path.empty() ? "." : path, reply);
}

Status on_expand_path(Workspace&, ssh::WireReader& reader, Reply& reply) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  const auto expanded = expand_tilde(path);
  if (!expanded) return {StatusCode::no_such_file, "No such user"};
  return answer_canonical(expanded->empty() ? "." : *expanded, reply);
}

}  // namespace fairlead::agent::sftp
