// SPDX-License-Identifier: Apache-2.0
// Blocking reads and writes that are complete: repeated after signals and short counts.
#pragma once

#include <fairlead/ssh/bytes.hpp>

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace fairlead::agent {

// What there is, at most the span; 0 at the end, -1 with errno on failure.
[[nodiscard]] ssize_t read_some(int fd, ssh::MutableBytes space);
// Fills the span or stops at the end of the file; -1 with errno when nothing could be read because of a
// failure.
[[nodiscard]] ssize_t read_full(int fd, ssh::MutableBytes space);
[[nodiscard]] ssize_t read_at(int fd, ssh::MutableBytes space, off_t offset);
// All of it, or false with errno.
[[nodiscard]] bool write_at(int fd, ssh::Bytes data, off_t offset);

struct FilePlace {
  int fd;
  off_t offset;
};
// Between two different regular files, in the kernel where it can. Length 0 means to the end of the file. How
// many bytes there were, or nothing with errno.
[[nodiscard]] std::optional<std::uint64_t> copy_range(FilePlace from, FilePlace to, std::uint64_t length);

}  // namespace fairlead::agent
