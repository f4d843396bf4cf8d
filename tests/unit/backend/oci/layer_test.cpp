// SPDX-License-Identifier: Apache-2.0
// Unpacking layers, most of them hostile.
#include "backend/oci/layer.hpp"

#include "backend/backend.hpp"
#include "backend/oci/sha256.hpp"
#include "unit/backend/oci/scratch.hpp"

#include <gmock/gmock.h>

#include <sys/stat.h>
#include <sys/xattr.h>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using backend::BackendError;
using backend::oci::IdMap;
using backend::oci::Ids;
using ::testing::HasSubstr;

class LayerTest : public IdsTest {
 protected:
  void SetUp() override {
    IdsTest::SetUp();
    if (IsSkipped()) return;
    tree_ = scratch_ / "tree";
    fs::create_directory(tree_);
    options_.map = IdMap{true, 0, 0, 1};  // everything belongs to whoever runs the tests
    options_.bytes_left = 1 << 20;
  }
  std::string unpack(const fs::path& tar) {
    return backend::oci::unpack(*ids_, tree_, options_, backend::oci::file_bytes(tar));
  }
  // The refusal's words, or "accepted".
  std::string refusal(const fs::path& tar) {
    try {
      (void)unpack(tar);
      return "accepted";
    } catch (const BackendError& error) {
      EXPECT_THAT(error.user_text(), HasSubstr("image"));
      return error.what();
    }
  }
  fs::path tar() const { return scratch_ / "layer.tar"; }

  fs::path tree_;
  backend::oci::UnpackOptions options_;
};

TEST_F(LayerTest, FilesAppearAndTheHashIsThatOfTheBytes) {
  TarFile(tar())
      .directory("etc")
      .file("./etc/name", "value", 0640)
      .symlink("etc/link", "name")
      .hardlink("hard", "etc/name")
      .close();
  EXPECT_EQ(unpack(tar()), backend::oci::sha256_hex(content(tar())));
  EXPECT_EQ(content(tree_ / "etc/name"), "value");
  EXPECT_EQ(content(tree_ / "hard"), "value");
  EXPECT_EQ(fs::read_symlink(tree_ / "etc/link"), "name");
  struct stat status{};
  ASSERT_EQ(::stat((tree_ / "etc/name").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0640U);
}

TEST_F(LayerTest, CompressionIsRecognized) {
  TarFile(tar(), true).file("file", "value").close();
  EXPECT_EQ(unpack(tar()), backend::oci::sha256_hex(content(tar())));
  EXPECT_EQ(content(tree_ / "file"), "value");
}

TEST_F(LayerTest, NamesThatAreNotAsciiStay) {
  TarFile(tar()).file("größe/日本", "value").close();
  (void)unpack(tar());
  EXPECT_EQ(content(tree_ / "größe/日本"), "value");
}

TEST_F(LayerTest, ClimbingNamesAreRefused) {
  TarFile(tar()).file("a/../../escaped", "x").close();
  EXPECT_THAT(refusal(tar()), HasSubstr("leads outside"));
  EXPECT_FALSE(fs::exists(scratch_ / "escaped"));
  TarFile(tar()).hardlink("link", "../../../../etc/passwd").close();
  EXPECT_THAT(refusal(tar()), HasSubstr("leads outside"));
}

TEST_F(LayerTest, AbsoluteNamesAndLinksStayInside) {
  write_text(scratch_ / "outside/file", "untouched");
  const std::string outside = (scratch_ / "outside").string();
  TarFile(tar())
      .symlink("way", outside.c_str())
      .symlink("up", "../../../../../../../../../")
      .file(("/" + outside.substr(1) + "/absolute").c_str(), "x")
      .file("way/file", "overwritten")
      .file(("up" + outside + "/file").c_str(), "overwritten")
      .close();
  (void)refusal(tar());  // accepted or not, nothing outside changes
  EXPECT_EQ(content(scratch_ / "outside/file"), "untouched");
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch_ / "outside"), {}), 1);
}

TEST_F(LayerTest, HardLinksToTheHostAreImpossible) {
  TarFile(tar()).hardlink("stolen", "/etc/passwd").close();
  EXPECT_NE(refusal(tar()), "accepted");
  EXPECT_FALSE(fs::exists(tree_ / "stolen"));
}

TEST_F(LayerTest, DevicesAreLeftOut) {
  TarFile(tar()).device("dev/mem").file("file", "value").close();
  (void)unpack(tar());
  EXPECT_FALSE(fs::exists(tree_ / "dev/mem"));
  EXPECT_EQ(content(tree_ / "file"), "value");
}

TEST_F(LayerTest, AttributesThatSteerTheOverlayAreDropped) {
  TarFile(tar())
      .attribute("trusted.overlay.opaque", "y")
      .directory("opaque")
      .attribute("user.overlay.redirect", "/")
      .directory("moved")
      .attribute("user.fine", "1")
      .file("kept", "")
      .close();
  (void)unpack(tar());
  EXPECT_LT(::getxattr((tree_ / "opaque").c_str(), "trusted.overlay.opaque", nullptr, 0), 0);
  EXPECT_LT(::getxattr((tree_ / "moved").c_str(), "user.overlay.redirect", nullptr, 0), 0);
  EXPECT_EQ(::getxattr((tree_ / "kept").c_str(), "user.fine", nullptr, 0), 1);
}

TEST_F(LayerTest, AWhiteoutHidesWhatLowerLayersHave) {
  write_text(tree_ / "etc/old", "1");
  write_text(tree_ / "gone/deep/file", "1");
  TarFile(tar()).file("etc/.wh.old", "").file(".wh.gone", "").file("etc/new", "2").close();
  (void)unpack(tar());
  EXPECT_FALSE(fs::exists(tree_ / "etc/old"));
  EXPECT_FALSE(fs::exists(tree_ / "gone"));
  EXPECT_EQ(content(tree_ / "etc/new"), "2");
  EXPECT_FALSE(fs::exists(tree_ / "etc/.wh.old"));
}

TEST_F(LayerTest, AnOpaqueDirectoryKeepsOnlyItsOwnLayersFilesWhateverTheOrder) {
  write_text(tree_ / "d/lower", "1");
  write_text(tree_ / "d/sub/lower", "1");
  TarFile(tar())
      .directory("d")
      .directory("d/sub")
      .file("d/sub/mine", "2")
      .file("d/before", "2")
      .file("d/.wh..wh..opq", "")
      .file("d/after", "2")
      .close();
  (void)unpack(tar());
  EXPECT_FALSE(fs::exists(tree_ / "d/lower"));
  EXPECT_FALSE(fs::exists(tree_ / "d/sub/lower"));
  EXPECT_EQ(content(tree_ / "d/sub/mine"), "2");
  EXPECT_EQ(content(tree_ / "d/before"), "2");
  EXPECT_EQ(content(tree_ / "d/after"), "2");
}

TEST_F(LayerTest, AWhiteoutNeverHidesItsOwnLayer) {
  TarFile(tar()).file("file", "2").file(".wh.file", "").close();
  (void)unpack(tar());
  EXPECT_EQ(content(tree_ / "file"), "2");
}

TEST_F(LayerTest, HostileWhiteoutsAreRefused) {
  write_text(scratch_ / "outside", "untouched");
  TarFile(tar()).file("d/.wh...", "").close();
  EXPECT_THAT(refusal(tar()), HasSubstr("not a whiteout"));
  TarFile(tar()).file("d/.wh.", "").close();
  EXPECT_THAT(refusal(tar()), HasSubstr("not a whiteout"));
  TarFile(tar()).symlink("way", scratch_.c_str()).file("way/.wh.outside", "").close();
  (void)refusal(tar());
  EXPECT_EQ(content(scratch_ / "outside"), "untouched");
}

TEST_F(LayerTest, ALayerReplacesAFileByADirectoryAndBack) {
  write_text(tree_ / "was-file", "1");
  write_text(tree_ / "was-directory/file", "1");
  TarFile(tar()).directory("was-file").file("was-file/x", "2").file("was-directory", "2").close();
  (void)unpack(tar());
  EXPECT_EQ(content(tree_ / "was-file/x"), "2");
  EXPECT_EQ(content(tree_ / "was-directory"), "2");
}

// Debian's /bin is a link to usr/bin; layers above it still say "bin/new".
TEST_F(LayerTest, ALinkToADirectoryIsFollowedByFilesBelowIt) {
  fs::create_directories(tree_ / "usr/bin");
  fs::create_directory_symlink("usr/bin", tree_ / "bin");
  TarFile(tar()).file("bin/new", "2").close();
  (void)unpack(tar());
  EXPECT_TRUE(fs::is_symlink(tree_ / "bin"));
  EXPECT_EQ(content(tree_ / "usr/bin/new"), "2");
}

TEST_F(LayerTest, BrokenArchivesAreRefused) {
  write_text(tar(), "this is no tar archive, and long enough to be sure of it: " + std::string(2000, 'x'));
  EXPECT_THAT(refusal(tar()), HasSubstr("not a readable tar"));
  TarFile(tar()).file("file", std::string(100'000, 'x')).close();
  fs::resize_file(tar(), 50'000);
  EXPECT_NE(refusal(tar()), "accepted");
}

TEST_F(LayerTest, ABombIsRefused) {
  TarFile(tar(), true).file("zeros", std::string(3 << 20, '\0')).close();
  EXPECT_THAT(refusal(tar()), HasSubstr("too big"));
}

TEST_F(LayerTest, OwnersAreMapped) {
  if (!ids_->root()) GTEST_SKIP() << "SKIPPED: other owners need root";
  options_.map = IdMap{true, 500'000, 600'000, 65536};
  TarFile(tar()).file("root", "").file("alice", "", 0644, 1000).file("beyond", "", 0644, 70'000).close();
  (void)unpack(tar());
  const auto owner = [&](const char* name) {
    struct stat status{};
    ::stat((tree_ / name).c_str(), &status);
    return std::pair(status.st_uid, status.st_gid);
  };
  EXPECT_EQ(owner("root"), std::pair(500'000U, 600'000U));
  EXPECT_EQ(owner("alice"), std::pair(501'000U, 601'000U));
  EXPECT_EQ(owner("beyond"), std::pair(565'534U, 665'534U));
}

TEST_F(LayerTest, ADirectoryIsCopiedAsItIs) {
  const fs::path source = scratch_ / "source";
  write_text(source / "etc/file", "value");
  fs::create_symlink("file", source / "etc/link");
  ::chmod((source / "etc/file").c_str(), 0600);
  (void)backend::oci::unpack(*ids_, tree_, options_, backend::oci::directory_bytes(source));
  EXPECT_EQ(content(tree_ / "etc/file"), "value");
  EXPECT_EQ(fs::read_symlink(tree_ / "etc/link"), "file");
  EXPECT_TRUE(fs::exists(source / "etc/file"));
}

}  // namespace
}  // namespace fairlead::test
