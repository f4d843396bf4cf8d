// SPDX-License-Identifier: Apache-2.0
// Directories and tar files for the tests of images.
#pragma once

#include "backend/backend.hpp"
#include "backend/oci/ids.hpp"
#include "backend/oci/tree.hpp"
#include "support/scratch.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>

namespace fairlead::test {

class ScratchTest : public ::testing::Test {
 protected:
  // Trees of images may be closed even to their owner.
  void TearDown() override { EXPECT_EQ(backend::oci::remove_tree(scratch_.string()), 0); }

  ScratchDirectory directory_;
  const std::filesystem::path& scratch_ = directory_.path();
};

// Skipped where no user namespace can be had.
class IdsTest : public ScratchTest {
 protected:
  void SetUp() override {
    try {
      ids_ = backend::oci::Ids::detect();
    } catch (const backend::BackendError& error) {
      GTEST_SKIP() << "SKIPPED: " << error.what();
    }
  }

  std::shared_ptr<const backend::oci::Ids> ids_;
};

inline std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write_text(const std::filesystem::path& file, std::string_view text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
}

// Writes any tar, however hostile.
class TarFile {
 public:
  explicit TarFile(const std::filesystem::path& file, bool gzip = false) : archive_(::archive_write_new()) {
    if (gzip) ::archive_write_add_filter_gzip(archive_);
    ::archive_write_set_format_pax(archive_);
    ::archive_write_open_filename(archive_, file.c_str());
  }
  ~TarFile() { ::archive_write_free(archive_); }
  TarFile(const TarFile&) = delete;
  TarFile& operator=(const TarFile&) = delete;

  TarFile& file(const char* path, std::string_view text, int mode = 0644, int owner = 0) {
    return add(path, AE_IFREG, mode, owner, text, "");
  }
  TarFile& directory(const char* path, int mode = 0755, int owner = 0) {
    return add(path, AE_IFDIR, mode, owner, {}, "");
  }
  TarFile& symlink(const char* path, const char* target) { return add(path, AE_IFLNK, 0777, 0, {}, target); }
  TarFile& device(const char* path) { return add(path, AE_IFCHR, 0666, 0, {}, ""); }
  TarFile& hardlink(const char* path, const char* target) {
    hardlink_ = target;
    return add(path, AE_IFREG, 0644, 0, {}, "");
  }
  // For the next entry.
  TarFile& attribute(const char* name, std::string_view value) {
    attribute_name_ = name;
    attribute_value_ = value;
    return *this;
  }
  void close() { ::archive_write_close(archive_); }

 private:
  TarFile& add(const char* path, __LA_MODE_T type, int mode, int owner, std::string_view text,
               const char* target) {
    archive_entry* entry = ::archive_entry_new();
    ::archive_entry_set_pathname(entry, path);
    ::archive_entry_set_filetype(entry, type);
    ::archive_entry_set_perm(entry, static_cast<__LA_MODE_T>(mode));
    ::archive_entry_set_uid(entry, owner);
    ::archive_entry_set_gid(entry, owner);
    if (type == AE_IFLNK) ::archive_entry_set_symlink(entry, target);
    if (type == AE_IFCHR) ::archive_entry_set_rdev(entry, 0x0103);
    if (!hardlink_.empty()) ::archive_entry_set_hardlink(entry, hardlink_.c_str());
    if (!attribute_name_.empty())
      ::archive_entry_xattr_add_entry(entry, attribute_name_.c_str(), attribute_value_.data(),
                                      attribute_value_.size());
    ::archive_entry_set_size(entry, static_cast<la_int64_t>(text.size()));
    ::archive_write_header(archive_, entry);
    ::archive_write_data(archive_, text.data(), text.size());
    ::archive_entry_free(entry);
    hardlink_.clear();
    attribute_name_.clear();
    return *this;
  }

  archive* archive_;
  std::string hardlink_, attribute_name_, attribute_value_;
};

}  // namespace fairlead::test
