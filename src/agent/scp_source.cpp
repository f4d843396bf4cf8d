// SPDX-License-Identifier: Apache-2.0
// The sending side of the rcp protocol.
#include "agent/scp_source.hpp"

#include "agent/file_io.hpp"
#include "base/file_descriptor.hpp"
#include "base/write_all.hpp"

#include <climits>

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

namespace fairlead::agent::scp {
namespace {

// One read and one write for so much.
constexpr std::size_t block = std::size_t{256} * 1024;

std::string last_component(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

mode_t permissions(const struct stat& status) {
  return status.st_mode & 07777;
}

}  // namespace

ScpSource::ScpSource(ScpPeer& peer, const Options& options)
    : peer_(peer), options_(options), memory_(block) {}

void ScpSource::send(const std::vector<std::string>& paths) {
  if (peer_.answer() != Answer::good) return;
  for (auto path : paths) {
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (!send_path(path)) return;
  }
}

bool ScpSource::send_path(const std::string& path) {
  // O_NONBLOCK: a FIFO is refused below and must not hold us here.
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
  struct stat status{};
  if (!file || ::fstat(file.get(), &status) != 0) return peer_.complain(path, errno);
  if (S_ISDIR(status.st_mode) && options_.recursive) return send_directory(path, status);
  if (!S_ISREG(status.st_mode)) return peer_.complain(path, "not a regular file");
  return send_file(file.get(), path, status);
}

bool ScpSource::announce(const FileRecord& record, const struct stat& status, bool& good) {
  good = true;
  if (options_.preserve) {
    // Times before 1970 cannot be said.
    const TimesRecord times{std::max<std::int64_t>(status.st_mtime, 0),
                            std::max<std::int64_t>(status.st_atime, 0)};
    if (!peer_.send(format(times))) return false;
    const auto answer = peer_.answer();
    good = answer == Answer::good;
    if (!good) return answer != Answer::over;
  }
  const auto line = format(record);
  if (options_.verbose) (void)write_all(2, ssh::as_bytes("Sending file modes: " + line));
  if (!peer_.send(line)) return false;
  const auto answer = peer_.answer();
  good = answer == Answer::good;
  return answer != Answer::over;
}

bool ScpSource::send_content(int file, std::uint64_t size, int& error) {
  while (size > 0) {
    const auto part = ssh::MutableBytes(memory_).first(std::min<std::uint64_t>(size, memory_.size()));
    const auto got = error == 0 ? read_full(file, part) : 0;
    if (got < 0) error = errno;
    const auto valid = static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    if (valid < part.size() && error == 0) error = EIO;  // shorter than announced
    std::ranges::fill(part.subspan(valid), std::byte{0});
    if (!peer_.send(part)) return false;
    size -= part.size();
  }
  return true;
}

bool ScpSource::send_file(int file, const std::string& path, const struct stat& status) {
  const FileRecord record{.mode = permissions(status),
                          .size = static_cast<std::uint64_t>(status.st_size),
                          .name = last_component(path)};
  bool good = false;
  if (!announce(record, status, good)) return false;
  if (!good) return true;
  int error = 0;
  if (!send_content(file, record.size, error)) return false;
  if (!(error == 0 ? peer_.acknowledge() : peer_.complain(path, error))) return false;
  return peer_.answer() != Answer::over;
}

bool ScpSource::send_directory(const std::string& path, const struct stat& status) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return peer_.complain(path, errno);
  const FileRecord record{.directory = true, .mode = permissions(status), .name = last_component(path)};
  bool good = false;
  if (!announce(record, status, good)) return false;
  if (!good) return true;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    // Bounds the depth as well, also where links lead in a circle.
    if (path.size() + 1 + name.size() >= PATH_MAX) {
      if (!peer_.complain(path + '/' + std::string(name), ENAMETOOLONG)) return false;
      continue;
    }
    if (!send_path((path == "/" ? "" : path) + '/' + std::string(name))) return false;
  }
  return peer_.send("E\n") && peer_.answer() != Answer::over;
}

}  // namespace fairlead::agent::scp
