// SPDX-License-Identifier: Apache-2.0
// Directories, the agent's copy and its archive, and the listening socket.
#include "backend/docker/box_files.hpp"

#include "backend/backend.hpp"
#include "backend/docker/limits.hpp"
#include "crypto/random.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

namespace fairlead::docker {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using backend::BackendError;

[[noreturn]] void fail(const std::string& what, const fs::path& path, const std::string& why) {
  const bool full = why == std::strerror(ENOSPC);
  throw BackendError("cannot " + what + " " + path.string() + ": " + why,
                     full ? "The server's disk is full. Please tell the administrator."
                          : "Your box could not be started. Please tell the administrator.");
}

void make_directory(const fs::path& path, mode_t mode) {
  std::error_code error;
  fs::create_directories(path, error);
  // Not left to the umask: the outer directory must be closed, the inner one open for any uid of a box.
  if (!error && ::chmod(path.c_str(), mode) != 0) error.assign(errno, std::generic_category());
  if (error) fail("create the directory", path, error.message());
}

std::string read_file(const fs::path& path) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  std::string content(error ? 0 : size, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (error || !file || content.empty()) fail("read", path, "it is empty or unreadable");
  return content;
}

// Renamed at the end: a crash leaves the old file or the new one.
void write_file(const fs::path& path, const std::string& content, mode_t mode) {
  fs::path temporary = path;
  temporary += ".new";
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file || ::chmod(temporary.c_str(), mode) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0)
    fail("write", path, std::strerror(errno));
}

// A Unix socket's path has room for 107 bytes; a state directory may be deeper. Through its descriptor it is
// always short.
class ShortPath {
 public:
  explicit ShortPath(const std::string& directory)
      : descriptor_(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (descriptor_ < 0) fail("open", directory, std::strerror(errno));
  }
  ~ShortPath() { ::close(descriptor_); }
  ShortPath(const ShortPath&) = delete;
  ShortPath& operator=(const ShortPath&) = delete;
  [[nodiscard]] std::string of(const std::string& name) const {
    return "/proc/self/fd/" + std::to_string(descriptor_) + "/" + name;
  }

 private:
  int descriptor_;
};

void add_to_archive(archive* out, const std::string& path, const std::string* content) {
  const std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(),
                                                                       archive_entry_free);
  archive_entry_set_pathname(entry.get(), path.c_str());
  archive_entry_set_filetype(entry.get(), content != nullptr ? AE_IFREG : AE_IFDIR);
  archive_entry_set_perm(entry.get(), 0755);
  archive_entry_set_size(entry.get(), content != nullptr ? static_cast<la_int64_t>(content->size()) : 0);
  archive_write_header(out, entry.get());
  if (content != nullptr) archive_write_data(out, content->data(), content->size());
}

// What a daemon that was killed has left beside the agents: sockets of its logins, which nobody listens to,
// and names that a link had before its rename.
void clear_homes(const fs::path& homes) {
  std::error_code error;
  for (const auto& home : fs::directory_iterator(homes, error))
    for (const auto& file : fs::directory_iterator(home.path(), error))
      if (file.path().filename() != "agent") fs::remove(file.path(), error);
}

}  // namespace

BoxFiles::BoxFiles(const fs::path& state, const std::string& instance, const std::string& agent)
    : root_(state / "docker" / instance) {
  make_directory(root_, 0700);
  make_directory(root_ / "boxes", 0755);
  std::ifstream(root_ / "owner") >> owner_;
  if (owner_.size() != 2 * limits::owner_bytes) {
    owner_ = ssh::random_hex(limits::owner_bytes);
    write_file(root_ / "owner", owner_, 0600);
  }
  write_file(root_ / "agent", read_file(agent), 0755);
  clear_homes(root_ / "homes");
}

std::string BoxFiles::directory_of(const std::string& box) const {
  return root_ / "boxes" / box;
}

void BoxFiles::create(const std::string& box) const {
  const fs::path directory = directory_of(box);
  make_directory(directory, 0755);
  if (::link((root_ / "agent").c_str(), (directory / "agent").c_str()) != 0 && errno != EEXIST)
    fail("link the agent into", directory, std::strerror(errno));
}

std::string BoxFiles::open_home(const std::string& container) const {
  const fs::path directory = root_ / "homes" / container;
  const fs::path agent = directory / "agent";
  make_directory(root_ / "homes", 0755);
  make_directory(directory, 0755);
  std::error_code error;
  if (fs::equivalent(root_ / "agent", agent, error)) return directory;
  // Under a name of its own first: logins that come at the same time find the old one or the new one.
  const fs::path fresh = directory / ("agent-" + ssh::random_hex(limits::box_bytes));
  if (::link((root_ / "agent").c_str(), fresh.c_str()) != 0 || ::rename(fresh.c_str(), agent.c_str()) != 0)
    fail("link the agent into", directory, std::strerror(errno));
  ::unlink(fresh.c_str());  // rename() of one file to its other name leaves both
  return directory;
}

void BoxFiles::remove(const std::string& box) const {
  std::error_code error;
  fs::remove_all(directory_of(box), error);
  if (error) fail("remove", directory_of(box), error.message());
}

std::string BoxFiles::agent_archive(bool inside) const {
  const auto agent = read_file(root_ / "agent");
  std::string tar(agent.size() + limits::archive_overhead, '\0');
  std::size_t used = 0;
  const std::unique_ptr<archive, int (*)(archive*)> out(archive_write_new(), archive_write_free);
  archive_write_set_format_ustar(out.get());
  if (archive_write_open_memory(out.get(), tar.data(), tar.size(), &used) != ARCHIVE_OK)
    fail("pack", root_ / "agent", archive_error_string(out.get()));
  if (!inside) add_to_archive(out.get(), ".fairlead/", nullptr);
  add_to_archive(out.get(), inside ? "agent" : ".fairlead/agent", &agent);
  if (archive_write_close(out.get()) != ARCHIVE_OK)
    fail("pack", root_ / "agent", archive_error_string(out.get()));
  tar.resize(used);
  return tar;
}

AgentListener::AgentListener(const asio::any_io_executor& executor, const std::string& directory,
                             const std::string& name)
    : path_(directory + "/" + name), acceptor_(executor) {
  const ShortPath short_path(directory);
  const auto address = short_path.of(name);
  try {
    acceptor_.open();
    acceptor_.bind(address);
    if (::chmod(address.c_str(), 0666) != 0) fail("open", path_, std::strerror(errno));
    acceptor_.listen(1);
  } catch (const boost::system::system_error& error) {
    fail("listen on", path_, error.code().message());
  }
}

ssh::Task<asio::generic::stream_protocol::socket> AgentListener::accept() {
  auto socket = co_await acceptor_.async_accept(asio::use_awaitable);
  close();
  co_return asio::generic::stream_protocol::socket(std::move(socket));
}

void AgentListener::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  ::unlink(path_.c_str());
}

}  // namespace fairlead::docker
