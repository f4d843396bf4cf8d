// SPDX-License-Identifier: Apache-2.0
// Removes directory trees: subdirectories that are not empty are moved up to the top, so no depth is ever
// reached.
#include "backend/oci/tree.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace fairlead::backend::oci {

namespace {

// struct linux_dirent64, without the name that follows it.
struct [[gnu::packed]] EntryHead {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t length;
  std::uint8_t type;
};

bool is_directory_entry(const char* name) {
  return std::strcmp(name, ".") != 0 && std::strcmp(name, "..") != 0;
}

int open_directory(int at, const char* name) {
  int opened = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (opened < 0 && errno == EACCES) {
    // Overlay's work directory and whatever the box locked: we own it, so we may unlock it. Not a link: it is
    // moved or removed as such before we come here, and fchmodat on one would only touch a box's own file.
    struct stat status{};
    if (::fstatat(at, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
        ::fchmodat(at, name, 0700, 0) == 0)
      opened = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  }
  return opened;
}

// Calls `each` for every entry; stops at its first error.
template <class Each>
int for_entries(int directory, Each each) {
  std::array<char, 4 * 1024> buffer{};  // one per level, on the stack
  for (;;) {
    const long got = ::syscall(SYS_getdents64, directory, buffer.data(), buffer.size());
    if (got < 0) return errno;
    if (got == 0) return 0;
    for (long at = 0; at < got;) {
      EntryHead head{};
      std::memcpy(&head, buffer.data() + at, sizeof head);
      const char* name = buffer.data() + at + sizeof head;
      at += head.length;
      if (!is_directory_entry(name)) continue;
      if (const int error = each(name)) return error;
    }
  }
}

// A name in `top` that a box cannot have foreseen to be free: tried until it is.
int move_up(int from, const char* name, int top, std::uint64_t& counter) {
  for (;;) {
    std::array<char, 40> target{};
    char* end = std::copy_n(".removed-", 9, target.data());
    std::uint64_t value = ++counter;
    do *end++ = static_cast<char>('a' + value % 26);
    while ((value /= 26) != 0);
    if (::syscall(SYS_renameat2, from, name, top, target.data(), 1 /* RENAME_NOREPLACE */) == 0) return 0;
    if (errno != EEXIST) return errno;
  }
}

// Deep enough that ordinary trees need no renames, which cost most; shallow enough for any stack and
// descriptor limit.
constexpr int deepest = 32;

int remove_empty(int parent, const char* name) {
  return ::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

// The errno of it, 0 when it is gone; nothing when it is a directory.
std::optional<int> remove_file(int parent, const char* name) {
  if (::unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (errno == EISDIR || errno == EPERM) return std::nullopt;
  return errno;
}

// Removes `name`, a directory in `parent`. What is deeper than `depth` more levels ends up in `top`.
int remove_directory(int parent, const char* name, int top, int depth, std::uint64_t& counter) {
  if (::unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return errno;
  if (depth == 0) {
    // Moving a directory changes its "..": that needs write permission on it.
    (void)!::fchmodat(parent, name, 0700, 0);  // where it fails, the move below says so
    return move_up(parent, name, top, counter);
  }
  const int directory = open_directory(parent, name);
  if (directory < 0) return errno == ENOENT ? 0 : errno;
  ::fchmod(directory, 0700);
  const int error = for_entries(directory, [&](const char* child) {
    const std::optional<int> done = remove_file(directory, child);
    return done ? *done : remove_directory(directory, child, top, depth - 1, counter);
  });
  ::close(directory);
  return error ? error : remove_empty(parent, name);
}

}  // namespace

int remove_tree(int at, const char* name) noexcept {
  if (const std::optional<int> done = remove_file(at, name)) return *done;
  const int top = open_directory(at, name);
  if (top < 0) return errno == ENOENT ? 0 : errno;
  std::uint64_t counter = 0;
  for (int error = 0;;) {
    bool any = false;
    ::lseek(top, 0, SEEK_SET);
    error = for_entries(top, [&](const char* child) {
      any = true;
      const std::optional<int> done = remove_file(top, child);
      return done ? *done : remove_directory(top, child, top, deepest, counter);
    });
    if (error || !any) {
      ::close(top);
      return error ? error : remove_empty(at, name);
    }
  }
}

}  // namespace fairlead::backend::oci
