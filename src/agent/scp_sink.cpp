// SPDX-License-Identifier: Apache-2.0
// The receiving side of the rcp protocol.
#include "agent/scp_sink.hpp"

#include "agent/file_io.hpp"
#include "base/file_descriptor.hpp"
#include "base/write_all.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

namespace fairlead::agent::scp {
namespace {

bool is_directory(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::array<timespec, 2> time_pair(const TimesRecord& times) {
  return {timespec{times.access, 0}, timespec{times.modification, 0}};
}

// One file being written: the first error is kept, what comes after it is thrown away.
class Output {
 public:
  explicit Output(int fd) : fd_(fd) {}

  void write(ssh::Bytes part) {
    if (error_ == 0) check(write_all(fd_, part) ? 0 : -1);
  }
  void check(int result) {
    if (result != 0 && error_ == 0) error_ = errno;
  }
  [[nodiscard]] int error() const { return error_; }

 private:
  int fd_;
  int error_ = 0;
};

}  // namespace

ScpSink::ScpSink(ScpPeer& peer, const Options& options) : peer_(peer), options_(options), mask_(::umask(0)) {
  if (options.preserve)
    mask_ = 0;
  else
    ::umask(mask_);
}

void ScpSink::receive_into(const std::string& target) {
  if (options_.target_directory && !is_directory(target)) {
    struct stat status{};
    (void)peer_.complain(target, ::stat(target.c_str(), &status) != 0 ? errno : ENOTDIR);
    return;
  }
  (void)receive_entries(target);
}

bool ScpSink::protocol_error(std::string_view what) {
  (void)peer_.complain("protocol error", what);
  return false;
}

// Until the directory ends ("E"), or the stream.
bool ScpSink::receive_entries(const std::string& target) {
  if (!peer_.acknowledge()) return false;
  for (;;) {
    const auto line = peer_.line();
    if (!line) return false;
    if (*line == "E") return peer_.acknowledge();
    if (!on_record(*line, target)) return false;
  }
}

bool ScpSink::on_record(const std::string& line, const std::string& target) {
  if (line.starts_with('\1') || line.starts_with('\2')) {
    // What the other side could not send; its user has been told there.
    peer_.count_failure();
    return line[0] == '\1';
  }
  if (line.starts_with('T')) {
    times_ = parse_times_record(line);
    return times_ ? peer_.acknowledge() : protocol_error("bad times");
  }
  const auto record = parse_file_record(line);
  if (!record) return protocol_error("unexpected record or file name");
  if (record->directory && !options_.recursive) return protocol_error("received directory without -r");
  const auto path =
      is_directory(target) ? target + (target.ends_with('/') ? "" : "/") + record->name : target;
  if (options_.verbose) (void)write_all(2, ssh::as_bytes("Sink: " + line + '\n'));
  return record->directory ? receive_directory(path, *record) : receive_file(path, *record);
}

bool ScpSink::receive_directory(const std::string& path, const FileRecord& record) {
  const auto times = std::exchange(times_, {});
  const bool exists = is_directory(path);
  // Writable by us until everything is in it.
  if (!exists && ::mkdir(path.c_str(), (record.mode & ~mask_) | S_IRWXU) != 0) {
    // A refused directory is not entered: without our acknowledgement the other side goes on behind it.
    return peer_.complain(path, errno == EEXIST ? ENOTDIR : errno);
  }
  if (!receive_entries(path)) return false;
  const bool set_mode = !exists || options_.preserve;
  const mode_t mode = options_.preserve ? record.mode : record.mode & 0777 & ~mask_;
  int error = 0;
  if (times && ::utimensat(AT_FDCWD, path.c_str(), time_pair(*times).data(), 0) != 0) error = errno;
  if (set_mode && ::chmod(path.c_str(), mode) != 0) error = errno;
  // The acknowledgement of "E" is out: this is told with the next record, or at the end.
  if (error != 0) peer_.count_failure();
  return true;
}

bool ScpSink::receive_file(const std::string& path, const FileRecord& record) {
  const auto times = std::exchange(times_, {});
  struct stat before{};
  const bool exists = ::stat(path.c_str(), &before) == 0;
  FileDescriptor file(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, (record.mode & 0777) | S_IWUSR));
  if (!file) return peer_.complain(path, errno);
  if (!peer_.acknowledge()) return false;
  Output output(file.get());
  if (!peer_.data(record.size, [&](ssh::Bytes part) { output.write(part); })) return false;
  struct stat after{};
  if (::fstat(file.get(), &after) == 0 && S_ISREG(after.st_mode)) {
    // Only now: what was longer before loses its end, and is not lost when the connection is.
    output.check(::ftruncate(file.get(), static_cast<off_t>(record.size)));
    if (options_.preserve)
      output.check(::fchmod(file.get(), record.mode));
    else if (!exists)
      output.check(::fchmod(file.get(), record.mode & 0777 & ~mask_));
    if (times) output.check(::futimens(file.get(), time_pair(*times).data()));
  }
  output.check(::close(file.release()));
  const auto answer = peer_.answer();  // whether the other side could read it all
  if (answer == Answer::over) return false;
  if (output.error() != 0) return peer_.complain(path, output.error());
  return peer_.acknowledge();
}

}  // namespace fairlead::agent::scp
