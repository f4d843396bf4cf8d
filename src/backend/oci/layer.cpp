// SPDX-License-Identifier: Apache-2.0
// Unpacks a layer: the parent hashes and feeds, a child in a chroot of the tree unpacks.
#include "backend/oci/layer.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/sha256.hpp"
#include "backend/oci/tree.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <clocale>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

struct ReadDeleter {
  void operator()(archive* a) const { ::archive_read_free(a); }
};
struct WriteDeleter {
  void operator()(archive* a) const { ::archive_write_free(a); }
};
struct EntryDeleter {
  void operator()(archive_entry* e) const { ::archive_entry_free(e); }
};
using Reader = std::unique_ptr<archive, ReadDeleter>;
using Writer = std::unique_ptr<archive, WriteDeleter>;

std::string words(archive* a) {
  const char* text = ::archive_error_string(a);
  return text ? text : "unknown error";
}

// "./a//b/" and "/a/b" are "a/b"; "." is "". Nothing when the path climbs.
bool normalize(std::string_view path, std::string& result) {
  result.clear();
  while (!path.empty()) {
    const auto slash = path.find('/');
    const auto part = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (part.empty() || part == ".") continue;
    if (part == "..") return false;
    if (!result.empty()) result += '/';
    result += part;
  }
  return true;
}

// One layer on its way to the current directory, which is "/" of this process.
class Layer {
 public:
  Layer(Reader reader, const UnpackOptions& options) : reader_(std::move(reader)), options_(options) {
    writer_.reset(::archive_write_disk_new());
    // Links are followed as the image means them: inside our "/". Of extended attributes only harmless ones
    // are kept.
    ::archive_write_disk_set_options(
        writer_.get(), ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME |
                           ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_UNLINK | ARCHIVE_EXTRACT_SECURE_NODOTDOT);
  }

  std::string apply() {
    archive_entry* entry = nullptr;
    for (std::uint64_t count = 0;; ++count) {
      const int status = ::archive_read_next_header(reader_.get(), &entry);
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN) return "not a readable tar archive: " + words(reader_.get());
      if (count >= limits::image_entries) return "too many files";
      std::string problem = one(entry);
      if (!problem.empty()) return problem;
    }
    // Sets the times and modes of directories.
    if (::archive_write_close(writer_.get()) < ARCHIVE_WARN) return words(writer_.get());
    return {};
  }

 private:
  std::string one(archive_entry* entry) {
    const char* raw = ::archive_entry_pathname(entry);
    std::string path;
    if (!raw || !normalize(raw, path)) return "a name that leads outside";
    const auto slash = path.rfind('/');
    const std::string_view name = std::string_view(path).substr(slash == std::string::npos ? 0 : slash + 1);
    if (options_.whiteouts && name.starts_with(".wh.")) return whiteout(path, name);
    const auto type = ::archive_entry_filetype(entry);
    if (type == AE_IFCHR || type == AE_IFBLK) return {};  // a box's /dev is ours
    if (path.empty()) return root(entry);
    if (std::string problem = adjust(entry, path); !problem.empty()) return problem;
    made_.insert(path);
    replace(entry, path);
    return extract(entry, path);
  }

  // The tree's own directory: it exists, so only its owner and mode are taken over.
  std::string root(archive_entry* entry) {
    if (::archive_entry_filetype(entry) != AE_IFDIR) return {};
    const auto map = options_.map;
    if (::chown(".", map.uid(::archive_entry_uid(entry)), map.gid(::archive_entry_gid(entry))) != 0 ||
        ::chmod(".", ::archive_entry_perm(entry) & 0777) != 0)
      return std::string("/: ") + std::strerror(errno);
    return {};
  }

  std::string adjust(archive_entry* entry, const std::string& path) {
    ::archive_entry_set_pathname(entry, path.c_str());
    // Numbers are what counts: the host's accounts are not the image's.
    ::archive_entry_set_uname(entry, nullptr);
    ::archive_entry_set_gname(entry, nullptr);
    ::archive_entry_set_uid(entry, options_.map.uid(::archive_entry_uid(entry)));
    ::archive_entry_set_gid(entry, options_.map.gid(::archive_entry_gid(entry)));
    if (const char* target = ::archive_entry_hardlink(entry)) {
      std::string inside;
      if (!normalize(target, inside) || inside.empty()) return path + ": a hard link that leads outside";
      ::archive_entry_set_hardlink(entry, inside.c_str());
    }
    // trusted.overlay.* would steer the overlay that this tree goes under, security.* the host's kernel.
    std::vector<std::pair<std::string, std::string>> kept;
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    ::archive_entry_xattr_reset(entry);
    while (::archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK)
      if (const std::string_view view = name; view.starts_with("user.") && !view.starts_with("user.overlay."))
        kept.emplace_back(name, std::string(static_cast<const char*>(value), size));
    ::archive_entry_xattr_clear(entry);
    for (const auto& [key, text] : kept)
      ::archive_entry_xattr_add_entry(entry, key.c_str(), text.data(), text.size());
    return {};
  }

  // A directory of a lower layer gives way to anything that is none. A link to a directory stays when the
  // layer has a directory of that name only if it leads to one: images with merged /usr rely on it.
  static void replace(archive_entry* entry, const std::string& path) {
    struct stat now{};
    if (::lstat(path.c_str(), &now) != 0) return;
    if (S_ISDIR(now.st_mode) && ::archive_entry_filetype(entry) != AE_IFDIR)
      (void)remove_tree(AT_FDCWD, path.c_str());
  }

  std::string extract(archive_entry* entry, const std::string& path) {
    const int header = ::archive_write_header(writer_.get(), entry);
    if (header < ARCHIVE_WARN) return path + ": " + words(writer_.get());
    const void* block = nullptr;
    std::size_t size = 0;
    la_int64_t offset = 0;
    for (;;) {
      const int status = ::archive_read_data_block(reader_.get(), &block, &size, &offset);
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN) return path + ": " + words(reader_.get());
      if (size > options_.bytes_left) return "the image is too big";
      options_.bytes_left -= size;
      if (::archive_write_data_block(writer_.get(), block, size, offset) < ARCHIVE_WARN)
        return path + ": " + words(writer_.get());
    }
    const int finished = ::archive_write_finish_entry(writer_.get());
    if (finished < ARCHIVE_WARN) return path + ": " + words(writer_.get());
    return {};
  }

  // Image specification, "Whiteouts": they hide lower layers only, wherever in the layer they come.
  std::string whiteout(const std::string& path, std::string_view name) {
    const std::string parent = path.substr(0, path.size() - std::min(path.size(), name.size() + 1));
    if (name == ".wh..wh..opq") return opaque(parent.empty() ? "." : parent);
    if (name.starts_with(".wh..wh.")) return {};  // aufs' own bookkeeping
    const std::string_view hidden = name.substr(4);
    if (hidden.empty() || hidden == "." || hidden == "..") return path + ": not a whiteout";
    const std::string victim = (parent.empty() ? "" : parent + "/") + std::string(hidden);
    if (made_.contains(victim)) return {};
    if (const int error = remove_tree(AT_FDCWD, victim.c_str()); error && error != ENOTDIR)
      return victim + ": " + std::strerror(error);
    return {};
  }

  std::string opaque(const std::string& directory) {
    std::error_code code;
    std::vector<std::string> victims;
    for (const auto& child : fs::directory_iterator(directory, code)) {
      const std::string path = directory == "." ? child.path().filename().string() : child.path().string();
      if (!made_.contains(path)) {
        victims.push_back(path);
      } else if (child.is_directory(code) && !child.is_symlink(code)) {
        if (std::string problem = opaque(path); !problem.empty()) return problem;
      }
    }
    for (const auto& victim : victims)
      if (const int error = remove_tree(AT_FDCWD, victim.c_str()))
        return victim + ": " + std::strerror(error);
    return {};
  }

  Reader reader_;
  Writer writer_;
  UnpackOptions options_;
  std::unordered_set<std::string> made_;  // by this layer
};

// False when the child has closed its end: it tells why itself.
bool feed(int socket, const char* data, std::size_t size) {
  while (size > 0) {
    const auto sent = ::send(socket, data, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    data += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

// A tree as a pax archive. Read-only: the operator's directory is never touched.
class DirectoryTar {
 public:
  explicit DirectoryTar(fs::path directory) : directory_(std::move(directory)) {}

  void write(const ByteSink& sink) {
    const auto on_bytes = [](archive*, void* target, const void* data, std::size_t size) -> la_ssize_t {
      (*static_cast<const ByteSink*>(target))(static_cast<const char*>(data), size);
      return static_cast<la_ssize_t>(size);
    };
    const Writer writer(::archive_write_new());
    ::archive_write_set_format_pax_restricted(writer.get());
    ::archive_write_set_bytes_per_block(writer.get(), 64 * 1024);
    if (::archive_write_open2(writer.get(), const_cast<ByteSink*>(&sink), nullptr, on_bytes, nullptr,
                              nullptr) != ARCHIVE_OK)
      throw failure("cannot read " + directory_.string() + ": " + words(writer.get()), image_failed);
    const Reader disk(::archive_read_disk_new());
    ::archive_read_disk_set_symlink_physical(disk.get());
    ::archive_read_disk_set_behavior(disk.get(), ARCHIVE_READDISK_NO_TRAVERSE_MOUNTS);
    if (::archive_read_disk_open(disk.get(), directory_.c_str()) != ARCHIVE_OK)
      throw failure("cannot read " + directory_.string() + ": " + words(disk.get()), image_failed);
    const std::unique_ptr<archive_entry, EntryDeleter> entry(::archive_entry_new());
    for (;;) {
      ::archive_entry_clear(entry.get());
      const int status = ::archive_read_next_header2(disk.get(), entry.get());
      if (status == ARCHIVE_EOF) break;
      if (status < ARCHIVE_WARN)
        throw failure("cannot read " + directory_.string() + ": " + words(disk.get()), image_failed);
      ::archive_read_disk_descend(disk.get());
      one(writer.get(), entry.get());
    }
    if (::archive_write_close(writer.get()) != ARCHIVE_OK)
      throw failure("cannot read " + directory_.string() + ": " + words(writer.get()), image_failed);
  }

 private:
  void one(archive* writer, archive_entry* entry) {
    const auto type = ::archive_entry_filetype(entry);
    if (type == AE_IFSOCK) return;  // means nothing without the process behind it
    const std::string path = ::archive_entry_pathname(entry);
    const std::string inside = "." + path.substr(std::min(path.size(), directory_.native().size()));
    ::archive_entry_set_pathname(entry, inside.c_str());
    if (::archive_write_header(writer, entry) < ARCHIVE_WARN)
      throw failure("cannot read " + path + ": " + words(writer), image_failed);
    if (type != AE_IFREG || ::archive_entry_size(entry) == 0) return;
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file) throw system_failure("read " + path, errno, image_failed);
    std::vector<char> buffer(std::size_t{128} * 1024);
    for (ssize_t got = 0; (got = ::read(file.get(), buffer.data(), buffer.size())) > 0;)
      if (::archive_write_data(writer, buffer.data(), static_cast<std::size_t>(got)) < 0)
        throw failure("cannot read " + path + ": " + words(writer), image_failed);
  }

  fs::path directory_;
};

}  // namespace

std::string unpack_here(int input, const UnpackOptions& options) {
  ::setlocale(LC_CTYPE, "C.UTF-8");  // else libarchive refuses names that are not ASCII
  ::umask(0);
  Reader reader(::archive_read_new());
  ::archive_read_support_filter_all(reader.get());
  ::archive_read_support_format_tar(reader.get());
  ::archive_read_support_format_empty(reader.get());
  if (::archive_read_open_fd(reader.get(), input, std::size_t{128} * 1024) != ARCHIVE_OK)
    return "not a readable tar archive: " + words(reader.get());
  return Layer(std::move(reader), options).apply();
}

std::string unpack(const Ids& ids, const fs::path& tree, const UnpackOptions& options,
                   const ByteSource& source) {
  std::array<int, 2> pair{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    throw system_failure("unpack an image", errno, image_failed);
  FileDescriptor ours(pair[0]), theirs(pair[1]);
  Ids::Child child = ids.fork([&]() -> std::string {
    ours.reset();
    if (::chdir(tree.c_str()) != 0 || ::chroot(".") != 0)
      return std::string("cannot enter the tree: ") + std::strerror(errno);
    return unpack_here(theirs.get(), options);
  });
  theirs.reset();
  Sha256 hash;
  bool wanted = true;
  source([&](const char* data, std::size_t size) {
    hash.update({data, size});  // also what follows the archive's end: padding counts
    wanted = wanted && feed(ours.get(), data, size);
  });
  ours.reset();
  child.finish("unpack the image", image_failed);
  return hash.hex();
}

ByteSource file_bytes(const fs::path& file) {
  return [file](const ByteSink& sink) {
    const FileDescriptor input(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!input) throw system_failure("open " + file.string(), errno, image_failed);
    std::vector<char> buffer(std::size_t{256} * 1024);
    for (;;) {
      const auto got = ::read(input.get(), buffer.data(), buffer.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw system_failure("read " + file.string(), errno, image_failed);
      if (got == 0) return;
      sink(buffer.data(), static_cast<std::size_t>(got));
    }
  };
}

ByteSource directory_bytes(const fs::path& directory) {
  return [directory](const ByteSink& sink) { DirectoryTar(directory).write(sink); };
}

}  // namespace fairlead::backend::oci
