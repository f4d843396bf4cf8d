// SPDX-License-Identifier: Apache-2.0
// The image store: every kind of source, unpacked once, never half.
#include "backend/oci/image_store.hpp"

#include "backend/backend.hpp"
#include "backend/oci/process.hpp"
#include "unit/backend/oci/image_files.hpp"

#include <gmock/gmock.h>

#include <thread>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using backend::BackendError;
using backend::oci::IdMap;
using backend::oci::Ids;
using backend::oci::Image;
using backend::oci::ImageStore;
using ::testing::HasSubstr;

class ImageStoreTest : public IdsTest {
 protected:
  void SetUp() override {
    IdsTest::SetUp();
    if (IsSkipped()) return;
    store_ = make();
  }
  std::unique_ptr<ImageStore> make() {
    return std::make_unique<ImageStore>(scratch_ / "store", ids_, observe::Log());
  }
  std::shared_ptr<const Image> get(const std::string& reference) { return store_->get(reference, map_); }
  std::string refusal(const std::string& reference) {
    try {
      (void)get(reference);
      return "accepted";
    } catch (const BackendError& error) {
      return error.what();
    }
  }
  // Directories of images, whole or half.
  std::ptrdiff_t kept() {
    std::ptrdiff_t count = 0;
    for (const auto& entry : fs::directory_iterator(scratch_ / "store"))
      if (entry.is_directory() && entry.path().filename() != "index") ++count;
    return count;
  }
  // A tar's bytes.
  std::string tar(const std::function<void(TarFile&)>& fill) {
    TarFile file(scratch_ / "made.tar");
    fill(file);
    file.close();
    return content(scratch_ / "made.tar");
  }

  IdMap map_{true, 0, 0, 1};
  std::unique_ptr<ImageStore> store_;
};

TEST_F(ImageStoreTest, ARootFileSystemTarIsUnpackedOnce) {
  const fs::path file = scratch_ / "root.tar.gz";
  TarFile(file, true).directory("bin").file("bin/sh", "1").close();
  const auto image = get(file);
  EXPECT_EQ(content(image->root / "bin/sh"), "1");
  EXPECT_EQ(get(file), image);
  EXPECT_EQ(make()->get(file, map_)->root, image->root);  // another daemon, or the next start
  EXPECT_EQ(kept(), 1);
  TarFile(file, true).directory("bin").file("bin/sh", "2 changed").close();
  EXPECT_EQ(content(get(file)->root / "bin/sh"), "2 changed");
}

TEST_F(ImageStoreTest, ARootFileSystemDirectory) {
  write_text(scratch_ / "root/etc/name", "1");
  EXPECT_EQ(content(get(scratch_ / "root")->root / "etc/name"), "1");
  write_text(scratch_ / "root/etc/name", "1, later");
  store_ = make();
  EXPECT_EQ(content(get(scratch_ / "root")->root / "etc/name"), "1, later");
}

TEST_F(ImageStoreTest, ALayoutWithWhiteouts) {
  OciLayout layout(scratch_ / "layout");
  layout.layer(tar([](TarFile& t) { t.file("a", "lower").file("b", "lower").file("d/x", "lower"); }));
  layout.layer(tar([](TarFile& t) {
    t.file(".wh.a", "").file("b", "upper").file("d/.wh..wh..opq", "").file("d/y", "upper");
  }));
  layout.config(R"({"config":{"User":"1000"}})").write();
  const auto image = get(scratch_ / "layout");
  EXPECT_FALSE(fs::exists(image->root / "a"));
  EXPECT_EQ(content(image->root / "b"), "upper");
  EXPECT_FALSE(fs::exists(image->root / "d/x"));
  EXPECT_EQ(content(image->root / "d/y"), "upper");
  EXPECT_EQ(image->config.user, "1000");
}

TEST_F(ImageStoreTest, ALayerOfOtherContentLeavesNothing) {
  OciLayout layout(scratch_ / "layout");
  const std::string layer = tar([](TarFile& t) { t.file("a", "1"); });
  layout.layer(layer).config("{}").write();
  write_text(scratch_ / "layout/blobs/sha256" / backend::oci::sha256_hex(layer),
             tar([](TarFile& t) { t.file("a", "2"); }));
  EXPECT_THAT(refusal(scratch_ / "layout"), HasSubstr("other content"));
  EXPECT_EQ(kept(), 0);
}

TEST_F(ImageStoreTest, ADockerArchive) {
  const std::string layer = tar([](TarFile& t) { t.file("hello", "docker"); });
  const std::string config = R"({"config":{"Env":["A=1"]},"rootfs":{"diff_ids":["sha256:)" +
                             backend::oci::sha256_hex(layer) + "\"]}}";
  const fs::path file = scratch_ / "saved.tar";
  TarFile(file)
      .file((std::string(64, 'a') + ".json").c_str(), config)
      .file((std::string(64, 'b') + "/layer.tar").c_str(), layer)
      .symlink((std::string(64, 'c') + "/layer.tar").c_str(),
               ("../" + std::string(64, 'b') + "/layer.tar").c_str())
      .file("manifest.json", R"([{"Config":")" + std::string(64, 'a') +
                                 R"(.json","RepoTags":["x:y"],"Layers":[")" + std::string(64, 'c') +
                                 R"(/layer.tar"]}])")
      .close();
  const auto image = get(file.string() + ":y");
  EXPECT_EQ(content(image->root / "hello"), "docker");
  EXPECT_EQ(image->config.environment.at("A"), "1");
  EXPECT_THAT(refusal(file.string() + ":z"), HasSubstr("\"z\""));
  EXPECT_EQ(kept(), 1);
}

TEST_F(ImageStoreTest, WhatIsMissingIsNamed) {
  EXPECT_THAT(refusal(""), HasSubstr("not set"));
  EXPECT_THAT(refusal((scratch_ / "no.tar").string()), HasSubstr("does not exist"));
  EXPECT_THAT(refusal("./no"), HasSubstr("does not exist"));
  EXPECT_THAT(refusal("-o"), ::testing::AnyOf(HasSubstr("is no image"), HasSubstr("skopeo")));
  if (backend::oci::find_program("skopeo").empty()) {
    EXPECT_THAT(refusal("127.0.0.1:1/none"), HasSubstr("skopeo"));
  } else {
    EXPECT_THAT(refusal("127.0.0.1:1/none"), HasSubstr("skopeo cannot get the image"));
  }
  EXPECT_EQ(kept(), 0);
}

TEST_F(ImageStoreTest, ManyWhoAskAtOnceGetTheSame) {
  const fs::path file = scratch_ / "root.tar";
  TarFile(file).file("big", std::string(5 << 20, 'x')).close();
  std::vector<std::shared_ptr<const Image>> got(8);
  {
    std::vector<std::jthread> threads;
    for (auto& slot : got) threads.emplace_back([&, this] { slot = get(file); });
  }
  for (const auto& image : got) EXPECT_EQ(image, got.front());
  EXPECT_EQ(kept(), 1);
}

TEST_F(ImageStoreTest, AnInterruptedUnpackingIsRemovedAtTheNextStart) {
  write_text(scratch_ / "store/unpacking-abc/root/file", "x");
  EXPECT_EQ(kept(), 1);
  store_->clean();
  EXPECT_EQ(kept(), 0);
}

TEST_F(ImageStoreTest, TreesOfOtherOwnersAreOtherTrees) {
  if (!ids_->root()) GTEST_SKIP() << "SKIPPED: other owners need root";
  const fs::path file = scratch_ / "root.tar";
  TarFile(file).file("file", "1").close();
  EXPECT_NE(store_->get(file, ids_->map(true))->root, store_->get(file, ids_->map(false))->root);
}

}  // namespace
}  // namespace fairlead::test
