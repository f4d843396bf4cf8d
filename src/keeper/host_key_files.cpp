// SPDX-License-Identifier: Apache-2.0
// Making and keeping host keys.
#include "keeper/host_key_files.hpp"

#include "base/secret.hpp"
#include "base/write_all.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fairlead::keeper {
namespace {

std::unexpected<std::string> failed(const std::string& what, const std::string& file) {
  return std::unexpected(fmt::format("{} {}: {}.", what, file, std::strerror(errno)));
}

// Owner's eyes only from the first moment on; gone again when this object ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& beside) : name_(beside + ".XXXXXX") {
    descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);  // mode 0600
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink(name_.c_str());
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  std::string name_;
  int descriptor_;
};

// True when `file` is ours now, false when somebody else was faster.
std::expected<bool, std::string> store(const std::string& file, std::string_view text) {
  const TemporaryFile temporary(file);
  if (temporary.descriptor() < 0) return failed("A host key cannot be made in", file);
  if (!write_all(temporary.descriptor(), ssh::as_bytes(text)) || ::fsync(temporary.descriptor()) != 0)
    return failed("A host key cannot be written to", temporary.name());
  if (::link(temporary.name().c_str(), file.c_str()) == 0) return true;
  if (errno == EEXIST) return false;
  return failed("A host key cannot be kept as", file);
}

}  // namespace

std::expected<StoredKey, std::string> load_or_create_key(const std::string& file,
                                                         ssh::PrivateKey::Type type) {
  struct stat status{};
  bool created = false;
  if (::lstat(file.c_str(), &status) != 0) {
    if (errno != ENOENT) return failed("The host key cannot be read:", file);
    const auto key = ssh::PrivateKey::generate(type);
    if (!key) return std::unexpected(fmt::format("No host key can be made: {}.", to_string(key.error())));
    std::string text = key->to_openssh_text("fairlead");
    const auto stored = store(file, text);
    ssh::wipe({reinterpret_cast<std::byte*>(text.data()), text.size()});
    if (!stored) return std::unexpected(stored.error());
    created = *stored;
  }
  // Also a new one: what the next start will read is what counts.
  auto key = ssh::PrivateKey::load(file);
  if (!key)
    return std::unexpected(fmt::format("The host key {} cannot be used: {}.", file, to_string(key.error())));
  return StoredKey{std::move(*key), created};
}

}  // namespace fairlead::keeper
