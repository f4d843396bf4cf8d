// SPDX-License-Identifier: Apache-2.0
// The demo image.
#include "backend/oci/demo_image.hpp"

#include "backend/backend.hpp"
#include "backend/oci/image_source.hpp"
#include "unit/backend/oci/scratch.hpp"

#include <gmock/gmock.h>

#include <map>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using DemoImageTest = ScratchTest;

std::map<std::string, std::string> entries(const fs::path& tar) {
  std::map<std::string, std::string> result;
  archive* reader = ::archive_read_new();
  ::archive_read_support_format_tar(reader);
  EXPECT_EQ(::archive_read_open_filename(reader, tar.c_str(), 65536), ARCHIVE_OK);
  for (archive_entry* entry = nullptr; ::archive_read_next_header(reader, &entry) == ARCHIVE_OK;) {
    const char* target = ::archive_entry_symlink(entry);
    result[::archive_entry_pathname(entry)] =
        std::to_string(::archive_entry_uid(entry)) + (target ? std::string(" ") + target : "");
  }
  ::archive_read_free(reader);
  return result;
}

TEST_F(DemoImageTest, HasWhatAShellNeedsAndIsMadeOnce) {
  fs::path image;
  try {
    image = backend::oci::make_demo_image(scratch_);
  } catch (const backend::BackendError& error) {
    GTEST_SKIP() << "SKIPPED: " << error.what();
  }
  const auto found = entries(image);
  EXPECT_EQ(found.at("bin/sh"), "0 busybox");
  EXPECT_EQ(found.at("bin/ls"), "0 busybox");
  EXPECT_EQ(found.at("bin/vi"), "0 busybox");
  EXPECT_EQ(found.at("home/user/"), "1000");
  EXPECT_TRUE(found.contains("etc/passwd"));
  EXPECT_FALSE(backend::oci::is_image_archive(image));
  const auto before = fs::last_write_time(image);
  EXPECT_EQ(backend::oci::make_demo_image(scratch_), image);
  EXPECT_EQ(fs::last_write_time(image), before);
}

}  // namespace
}  // namespace fairlead::test
