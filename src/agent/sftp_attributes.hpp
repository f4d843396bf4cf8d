// SPDX-License-Identifier: Apache-2.0
// The file attributes of section 5: decoded, encoded, taken from and given to files.
#pragma once

#include "agent/sftp_protocol.hpp"
#include "base/wire.hpp"

#include <sys/stat.h>

#include <optional>

namespace fairlead::agent::sftp {

// What is not there is not to be changed, or not known.
struct Attributes {
  struct Ids {
    uid_t uid = 0;
    gid_t gid = 0;
  };
  struct Times {
    std::uint32_t access = 0, modification = 0;  // seconds since 1970
  };
  std::optional<std::uint64_t> size;
  std::optional<Ids> ids;
  std::optional<mode_t> permissions;  // with the file type when it comes from a file
  std::optional<Times> times;

  // A reader that is not ok() afterwards means a malformed message.
  static Attributes decode(ssh::WireReader& reader);
  static Attributes of(const struct stat& status);
  void encode(ssh::WireWriter writer) const;

  // The permission bits for a new file or directory.
  [[nodiscard]] mode_t mode_or(mode_t usual) const;
};

// Each change is tried; the status is that of the last one that failed. `path` must be NUL-terminated.
[[nodiscard]] Status change_path(const char* path, const Attributes& attributes);
[[nodiscard]] Status change_open_file(int fd, const Attributes& attributes);
// Of a symbolic link itself; a size makes no sense there.
[[nodiscard]] Status change_link(const char* path, const Attributes& attributes);

}  // namespace fairlead::agent::sftp
