// SPDX-License-Identifier: Apache-2.0
// Temporary file, content, rename.
#include "agent/new_file.hpp"

#include "agent/directory_walk.hpp"
#include "agent/file_io.hpp"
#include "base/hex.hpp"
#include "base/write_all.hpp"
#include "link/agent_link.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace fairlead::agent {
namespace {

using Failure = std::unexpected<std::string>;

Failure system_failure() {
  return Failure(::strerrordesc_np(errno));
}

// Nobody can have laid something there before us, and O_EXCL refuses it if somebody has.
std::string random_name() {
  std::array<std::byte, 8> random{};
  (void)!::getrandom(random.data(), random.size(), 0);
  return ".fairlead-" + ssh::to_hex(random);
}

}  // namespace

NewFile::NewFile(FileDescriptor directory, std::string_view name)
    : directory_(std::move(directory)), name_(name), hidden_name_(random_name()) {}

NewFile::NewFile(NewFile&& other) noexcept
    : directory_(std::move(other.directory_)),
      file_(std::move(other.file_)),
      name_(std::move(other.name_)),
      hidden_name_(std::exchange(other.hidden_name_, {})),
      size_(other.size_) {}

NewFile::~NewFile() {
  if (file_ && !hidden_name_.empty()) (void)::unlinkat(directory_.get(), hidden_name_.c_str(), 0);
}

std::expected<NewFile, std::string> NewFile::create(std::string_view path, const Account& owner) {
  if (!link::is_file_path(path)) return Failure("this is not the absolute path of a file");
  const auto slash = path.rfind('/');
  auto directory = open_directory(path.substr(0, slash), owner);
  if (!directory) return Failure(std::move(directory.error()));
  NewFile made(std::move(*directory), path.substr(slash + 1));
  constexpr mode_t mode = S_IRUSR | S_IWUSR;
  made.file_ = FileDescriptor(::openat(made.directory_.get(), made.hidden_name_.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!made.file_ || (owner.change_ids && ::fchown(made.file_.get(), owner.uid, owner.gid) != 0) ||
      ::fchmod(made.file_.get(), mode) != 0)
    return system_failure();
  return made;
}

std::expected<void, std::string> NewFile::append(ssh::Bytes data) {
  size_ += data.size();
  if (size_ > link::file_bytes) return Failure("the file is too large");
  if (!write_all(file_.get(), data)) return system_failure();
  return {};
}

std::expected<void, std::string> NewFile::appear() {
  if (::renameat(directory_.get(), hidden_name_.c_str(), directory_.get(), name_.c_str()) != 0)
    return system_failure();
  hidden_name_.clear();
  return {};
}

}  // namespace fairlead::agent
