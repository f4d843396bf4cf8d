// SPDX-License-Identifier: Apache-2.0
// OPENDIR and READDIR.
#include "agent/long_name.hpp"
#include "agent/sftp_handlers.hpp"

#include <fcntl.h>

#include <cerrno>
#include <ctime>
#include <vector>

namespace fairlead::agent::sftp {
namespace {

struct Entry {
  std::string name;
  struct stat status{};
};

// The next entries; empty at the end, or when errno says what is wrong.
std::vector<Entry> next_entries(DIR* directory) {
  std::vector<Entry> entries;
  errno = 0;
  while (entries.size() < directory_entries) {
    const dirent* found = ::readdir(directory);
    if (found == nullptr) break;
    Entry entry{.name = found->d_name};
    // What is gone by now, or hidden from this user, is left out.
    if (::fstatat(::dirfd(directory), found->d_name, &entry.status, AT_SYMLINK_NOFOLLOW) == 0)
      entries.push_back(std::move(entry));
    errno = 0;
  }
  return entries;
}

}  // namespace

Status on_opendir(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto path = read_path(reader);
  if (!reader.ok()) return Status::bad_message();
  if (workspace.handles.full()) return Status::failure("Too many open handles");
  Directory directory(::opendir(path.c_str()));
  if (!directory) return Status::of_errno(errno);
  reply.handle(workspace.handles.add(std::move(directory)));
  return {};
}

Status on_readdir(Workspace& workspace, ssh::WireReader& reader, Reply& reply) {
  const auto handle = reader.string();
  if (!reader.ok()) return Status::bad_message();
  DIR* directory = workspace.handles.directory(handle);
  if (directory == nullptr) return Status::unknown_handle();
  const auto entries = next_entries(directory);
  if (entries.empty()) return errno == 0 ? Status::eof() : Status::of_errno(errno);
  reply.packet(Message::name, [&, now = std::time(nullptr)](ssh::WireWriter& writer) {
    writer.u32(static_cast<std::uint32_t>(entries.size()));
    for (const auto& entry : entries) {
      writer.string(entry.name).string(long_name(entry.name, entry.status, workspace.names, now));
      Attributes::of(entry.status).encode(writer);
    }
  });
  return {};
}

}  // namespace fairlead::agent::sftp
