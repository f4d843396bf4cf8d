// SPDX-License-Identifier: Apache-2.0
// The archive of a login's files.
#include "backend/docker/login_files.hpp"

#include "unit/backend/oci/box_fixture.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>

#include <map>

namespace fairlead::docker {
namespace {

struct Packed {
  std::string content;
  unsigned mode = 0;
  std::int64_t user = 0, group = 0;
};

std::map<std::string, Packed> unpack(const std::string& tar) {
  std::map<std::string, Packed> found;
  const std::unique_ptr<archive, int (*)(archive*)> in(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(in.get());
  EXPECT_EQ(archive_read_open_memory(in.get(), tar.data(), tar.size()), ARCHIVE_OK);
  archive_entry* entry = nullptr;
  while (archive_read_next_header(in.get(), &entry) == ARCHIVE_OK) {
    Packed packed{std::string(static_cast<std::size_t>(archive_entry_size(entry)), '\0'),
                  archive_entry_perm(entry), archive_entry_uid(entry), archive_entry_gid(entry)};
    EXPECT_EQ(archive_read_data(in.get(), packed.content.data(), packed.content.size()),
              static_cast<la_ssize_t>(packed.content.size()));
    found.emplace(archive_entry_pathname(entry), std::move(packed));
  }
  return found;
}

class LoginFiles : public testing::Test {
 protected:
  std::shared_ptr<test::KeptLog> log_ = std::make_shared<test::KeptLog>();
  backend::Login login_ = test::alices_login({}, log_);
};

TEST_F(LoginFiles, AreTheUsersAloneAndComplete) {
  const std::string binary("\0\xff\n", 3);
  login_.metadata.files["/home/alice/.netrc"].value = binary;
  login_.metadata.files["/etc/a-" + std::string(150, 'x')].value = std::string(100'000, 'y');
  const auto packed = unpack(files_archive(login_, {1000, 100}));
  ASSERT_EQ(packed.size(), 2U);
  const auto& netrc = packed.at("home/alice/.netrc");
  EXPECT_EQ(netrc.content, binary);
  EXPECT_EQ(netrc.mode, 0600U);
  EXPECT_EQ(netrc.user, 1000);
  EXPECT_EQ(netrc.group, 100);
  EXPECT_EQ(packed.at("etc/a-" + std::string(150, 'x')).content.size(), 100'000U);
  EXPECT_FALSE(log_->has("DOCKER_FILE_WRITE_FAILED"));
}

TEST_F(LoginFiles, WhatIsNoPathIsLeftOutWithAWarning) {
  for (const char* path : {"relative", "/../etc/passwd", "/a/./b", "/dir/", ""})
    login_.metadata.files[path].value = "x";
  EXPECT_EQ(files_archive(login_, {}), "");
  EXPECT_TRUE(log_->has("DOCKER_FILE_WRITE_FAILED"));
}

TEST(FileOwner, IsTheContainersUserWhenItIsNumbers) {
  const auto owner = [](const char* user) {
    const auto ids = file_owner(user);
    return std::to_string(ids.user) + ":" + std::to_string(ids.group);
  };
  EXPECT_EQ(owner("1000:100"), "1000:100");
  EXPECT_EQ(owner("1000"), "1000:0");
  EXPECT_EQ(owner(""), "0:0");
  EXPECT_EQ(owner("alice:staff"), "0:0");
  EXPECT_EQ(owner("99999999999"), "0:0");
}

}  // namespace
}  // namespace fairlead::docker
