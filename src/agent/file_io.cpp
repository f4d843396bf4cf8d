// SPDX-License-Identifier: Apache-2.0
// Loops around read, write and copy_file_range.
#include "agent/file_io.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace fairlead::agent {
namespace {

// One call's worth where a copy goes through our memory, and where it does not.
constexpr std::size_t copy_buffer = std::size_t{256} * 1024;
constexpr std::size_t copy_step = std::size_t{1} << 30;

// `call` with what is left, until all is done, there is no more (0) or it fails. True unless it failed.
template <class Call>
bool repeat(std::size_t size, std::size_t& done, Call call) {
  while (done < size) {
    const ssize_t count = call(done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    if (count == 0) return true;
    done += static_cast<std::size_t>(count);
  }
  return true;
}

// Which errors mean that this pair of files needs a buffer.
bool kernel_cannot_copy(int error) {
  return error == ENOSYS || error == EXDEV || error == EINVAL || error == EOPNOTSUPP || error == EPERM ||
         error == EBADF;  // O_APPEND
}

std::optional<std::uint64_t> copy_through_memory(FilePlace from, FilePlace to, std::uint64_t length) {
  const std::unique_ptr<std::byte[]> memory(new std::byte[copy_buffer]);
  std::uint64_t copied = 0;
  while (length == 0 || copied < length) {
    const auto step = length == 0 ? copy_buffer : std::min<std::uint64_t>(copy_buffer, length - copied);
    const auto got = read_at(from.fd, {memory.get(), step}, from.offset + static_cast<off_t>(copied));
    if (got < 0) return {};
    if (got == 0) break;
    const ssh::Bytes part(memory.get(), static_cast<std::size_t>(got));
    if (!write_at(to.fd, part, to.offset + static_cast<off_t>(copied))) return {};
    copied += part.size();
  }
  return copied;
}

}  // namespace

ssize_t read_some(int fd, ssh::MutableBytes space) {
  ssize_t got = 0;
  do got = ::read(fd, space.data(), space.size());
  while (got < 0 && errno == EINTR);
  return got;
}

ssize_t read_full(int fd, ssh::MutableBytes space) {
  std::size_t done = 0;
  const bool good = repeat(space.size(), done, [&](std::size_t from) {
    return ::read(fd, space.data() + from, space.size() - from);
  });
  return good || done > 0 ? static_cast<ssize_t>(done) : -1;
}

ssize_t read_at(int fd, ssh::MutableBytes space, off_t offset) {
  std::size_t done = 0;
  const bool good = repeat(space.size(), done, [&](std::size_t from) {
    return ::pread(fd, space.data() + from, space.size() - from, offset + static_cast<off_t>(from));
  });
  return good || done > 0 ? static_cast<ssize_t>(done) : -1;
}

bool write_at(int fd, ssh::Bytes data, off_t offset) {
  std::size_t done = 0;
  const bool good = repeat(data.size(), done, [&](std::size_t from) {
    return ::pwrite(fd, data.data() + from, data.size() - from, offset + static_cast<off_t>(from));
  });
  return good && done == data.size();
}

std::optional<std::uint64_t> copy_range(FilePlace from, FilePlace to, std::uint64_t length) {
  std::uint64_t copied = 0;
  while (length == 0 || copied < length) {
    const auto step = length == 0 ? copy_step : std::min<std::uint64_t>(copy_step, length - copied);
    const auto count = ::copy_file_range(from.fd, &from.offset, to.fd, &to.offset, step, 0);
    if (count < 0 && errno == EINTR) continue;
    if (count > 0) {
      copied += static_cast<std::uint64_t>(count);
      continue;
    }
    if (count < 0 && !kernel_cannot_copy(errno)) return {};
    // Also when it copied nothing: files of /proc have no size and are not empty.
    if (copied == 0) return copy_through_memory(from, to, length);
    break;
  }
  return copied;
}

}  // namespace fairlead::agent
