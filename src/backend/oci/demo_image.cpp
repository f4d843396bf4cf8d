// SPDX-License-Identifier: Apache-2.0
// Writes the demo image as a tar, so that its owners do not depend on who makes it.
#include "backend/oci/demo_image.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/process.hpp"
#include "backend/oci/sha256.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <elf.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

namespace fairlead::backend::oci {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view passwd =
    "root:x:0:0:root:/root:/bin/sh\n"
    "user:x:1000:1000:user:/home/user:/bin/sh\n"
    "nobody:x:65534:65534:nobody:/:/bin/false\n";
constexpr std::string_view group = "root:x:0:\ntty:x:5:\nusers:x:100:user\nuser:x:1000:\nnogroup:x:65534:\n";
constexpr std::string_view profile =
    "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n"
    "if [ \"$(id -u)\" = 0 ]; then PS1='\\u@\\h:\\w# '; else PS1='\\u@\\h:\\w$ '; fi\n"
    "export PS1\n";

constexpr const char* how = "the demo image is made from a static busybox (Debian: busybox-static)";

class Tar {
 public:
  explicit Tar(const fs::path& file) : archive_(::archive_write_new()), file_(file) {
    ::archive_write_set_format_ustar(archive_.get());
    if (::archive_write_open_filename(archive_.get(), file.c_str()) != ARCHIVE_OK) fail();
  }
  void directory(const char* path, int mode = 0755, int owner = 0) { entry(path, AE_IFDIR, mode, owner, {}); }
  void file(const char* path, std::string_view content, int mode = 0644) {
    entry(path, AE_IFREG, mode, 0, content);
  }
  void link(const std::string& path, const char* target) { entry(path, AE_IFLNK, 0777, 0, target); }
  void close() {
    if (::archive_write_close(archive_.get()) != ARCHIVE_OK) fail();
  }

 private:
  struct Deleter {
    void operator()(archive* a) const { ::archive_write_free(a); }
    void operator()(archive_entry* e) const { ::archive_entry_free(e); }
  };

  void entry(const std::string& path, __LA_MODE_T type, int mode, int owner, std::string_view content) {
    const std::unique_ptr<archive_entry, Deleter> entry(::archive_entry_new());
    ::archive_entry_set_pathname(entry.get(), path.c_str());
    ::archive_entry_set_filetype(entry.get(), type);
    ::archive_entry_set_perm(entry.get(), static_cast<__LA_MODE_T>(mode));
    ::archive_entry_set_uid(entry.get(), owner);
    ::archive_entry_set_gid(entry.get(), owner);
    if (type == AE_IFLNK) ::archive_entry_set_symlink(entry.get(), std::string(content).c_str());
    if (type == AE_IFREG) ::archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    if (::archive_write_header(archive_.get(), entry.get()) != ARCHIVE_OK) fail();
    if (type == AE_IFREG && ::archive_write_data(archive_.get(), content.data(), content.size()) !=
                                static_cast<la_ssize_t>(content.size()))
      fail();
  }
  [[noreturn]] void fail() {
    throw system_failure("write " + file_.string(), ::archive_errno(archive_.get()), image_failed);
  }

  std::unique_ptr<archive, Deleter> archive_;
  fs::path file_;
};

std::string read_program(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Whether an ELF program needs no loader.
bool is_static(std::string_view program) {
  Elf64_Ehdr header{};
  if (program.size() < sizeof header) return false;
  std::memcpy(&header, program.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    return false;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    const std::size_t at = header.e_phoff + i * sizeof segment;
    if (at > program.size() || program.size() - at < sizeof segment) return false;
    std::memcpy(&segment, program.data() + at, sizeof segment);
    if (segment.p_type == PT_INTERP) return false;
  }
  return true;
}

void write(const fs::path& file, std::string_view busybox, const std::string& applets) {
  Tar tar(file);
  for (const char* path : {"bin", "etc", "home", "usr", "var", "var/tmp"}) tar.directory(path);
  tar.directory("root", 0700);
  tar.directory("home/user", 0755, 1000);
  tar.directory("tmp", 01777);
  tar.file("bin/busybox", busybox, 0755);
  std::istringstream names(applets);
  for (std::string name; names >> name;)
    if (name != "busybox" && !name.contains('/')) tar.link("bin/" + name, "busybox");
  tar.link("sbin", "bin");
  tar.link("usr/bin", "../bin");
  tar.link("usr/sbin", "../bin");
  tar.file("etc/passwd", passwd);
  tar.file("etc/group", group);
  tar.file("etc/profile", profile);
  tar.close();
}

}  // namespace

fs::path make_demo_image(const fs::path& state) {
  const std::string program = find_program("busybox");
  if (program.empty()) throw failure(std::string(how) + ", which is not installed", image_failed);
  const std::string busybox = read_program(program);
  if (!is_static(busybox))
    throw failure(std::string(how) + ", and " + program + " is not static", image_failed);
  const fs::path target = state / ("demo-" + sha256_hex(busybox).substr(0, 16) + ".tar");
  std::error_code code;
  if (fs::exists(target, code)) return target;
  const Outcome applets = run({.arguments = {program, "--list"}}, limits::runtime_command);
  if (applets.status != 0) throw failure(program + " does not run", image_failed);
  fs::create_directories(state, code);
  fs::path temporary = target;
  temporary += "." + std::to_string(::getpid());
  write(temporary, busybox, applets.output);
  if (::rename(temporary.c_str(), target.c_str()) != 0)
    throw system_failure("write " + target.string(), errno, image_failed);
  return target;
}

}  // namespace fairlead::backend::oci
