// SPDX-License-Identifier: Apache-2.0
// Reading OCI layouts and `docker save` archives, whole and broken.
#include "backend/oci/image_source.hpp"

#include "backend/backend.hpp"
#include "unit/backend/oci/image_files.hpp"

#include <gmock/gmock.h>

#include <algorithm>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using backend::BackendError;
using backend::oci::is_image_archive;
using backend::oci::read_image_directory;
using ::testing::HasSubstr;

class ImageSourceTest : public ScratchTest {
 protected:
  std::string refusal(const std::string& tag = {}) {
    try {
      (void)read_image_directory(scratch_, tag);
      return "accepted";
    } catch (const BackendError& error) {
      return error.what();
    }
  }
};

TEST_F(ImageSourceTest, ALayoutHasItsLayersAndConfiguration) {
  OciLayout layout(scratch_);
  layout.layer(R"({"x":1})")
      .layer("second")
      .config(R"({"config":{"Env":["A=1","B=x=y","=bad","C"],"User":"alice","WorkingDir":"/srv"}})");
  layout.write();
  const auto image = read_image_directory(scratch_, "");
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_TRUE(image.whiteouts);
  EXPECT_EQ(image.config.environment, (std::map<std::string, std::string>{{"A", "1"}, {"B", "x=y"}}));
  EXPECT_EQ(image.config.user, "alice");
  EXPECT_EQ(image.config.working_directory, "/srv");
  EXPECT_EQ(image.digest, layout.manifest_digest());
  std::string bytes;
  image.layers[1].bytes([&](const char* data, std::size_t size) { bytes.append(data, size); });
  EXPECT_EQ(bytes, "second");
}

TEST_F(ImageSourceTest, AConfigurationSurvivesBeingKept) {
  backend::oci::ImageConfig config{{{"A", "1=2"}}, "7:8", "/w"};
  const auto again = backend::oci::ImageConfig::from_json(config.to_json());
  EXPECT_EQ(again.environment, config.environment);
  EXPECT_EQ(again.user, config.user);
  EXPECT_EQ(again.working_directory, config.working_directory);
}

TEST_F(ImageSourceTest, ContentThatIsNotWhatItsNameSaysIsRefused) {
  OciLayout layout(scratch_);
  layout.layer("x").config("{}");
  layout.write();
  write_text(scratch_ / "blobs/sha256" / layout.manifest_digest(), R"({"layers":[],"config":{}})");
  EXPECT_THAT(refusal(), HasSubstr("other content"));
}

TEST_F(ImageSourceTest, DigestsCannotLeadOutside) {
  write_text(scratch_ / "index.json", R"({"manifests":[{"digest":"sha256:../../../../etc/passwd"}]})");
  EXPECT_THAT(refusal(), HasSubstr("digest"));
  write_text(scratch_ / "index.json", R"({"manifests":[{"digest":"md5:00"}]})");
  EXPECT_THAT(refusal(), HasSubstr("digest"));
}

TEST_F(ImageSourceTest, BrokenLayoutsAreRefusedWithAReason) {
  write_text(scratch_ / "index.json", "{");
  EXPECT_THAT(refusal(), HasSubstr("not JSON"));
  write_text(scratch_ / "index.json", "[]");
  EXPECT_THAT(refusal(), HasSubstr("none for this machine"));
  write_text(scratch_ / "index.json",
             R"({"manifests":[{"digest":"sha256:)" + std::string(64, 'a') + R"("}]})");
  EXPECT_THAT(refusal(), HasSubstr("missing"));
  write_text(scratch_ / "index.json", std::string(5 << 20, ' '));
  EXPECT_THAT(refusal(), HasSubstr("too big"));
}

TEST_F(ImageSourceTest, TheTagChooses) {
  OciLayout one(scratch_), two(scratch_);
  one.layer("one").config("{}").tag("one");
  two.layer("two").config("{}").tag("two");
  OciLayout::write_index(scratch_, {one.descriptor(), two.descriptor()});
  EXPECT_EQ(read_image_directory(scratch_, "two").digest, two.manifest_digest());
  EXPECT_EQ(read_image_directory(scratch_, "").digest, one.manifest_digest());
  EXPECT_THAT(refusal("three"), HasSubstr("three"));
}

TEST_F(ImageSourceTest, ThePlatformChooses) {
  OciLayout other(scratch_), ours(scratch_);
  other.layer("other").config("{}").platform("linux", "no-such-machine");
#if defined(__x86_64__)
  ours.layer("ours").config("{}").platform("linux", "amd64");
#else
  ours.layer("ours").config("{}").platform("linux", "arm64");
#endif
  OciLayout::write_index(scratch_, {other.descriptor(), ours.descriptor()});
  EXPECT_EQ(read_image_directory(scratch_, "").digest, ours.manifest_digest());
}

TEST_F(ImageSourceTest, AnIndexMayNameAnother) {
  OciLayout inner(scratch_);
  inner.layer("x").config("{}");
  const std::string index = inner.blob(R"({"manifests":[)" + inner.descriptor() + "]}");
  OciLayout::write_index(scratch_, {R"({"digest":"sha256:)" + index + "\"}"});
  EXPECT_EQ(read_image_directory(scratch_, "").digest, inner.manifest_digest());
}

TEST_F(ImageSourceTest, OldDockerArchives) {
  const std::string config = R"({"config":{"Env":["A=1"]},"rootfs":{"diff_ids":["sha256:)" +
                             backend::oci::sha256_hex("bytes") + "\"]}}";
  write_text(scratch_ / "abc.json", config);
  write_text(scratch_ / "0/layer.tar", "bytes");
  fs::create_directory(scratch_ / "1");
  fs::create_symlink("../0/layer.tar", scratch_ / "1/layer.tar");  // how `docker save` writes equal layers
  write_text(scratch_ / "manifest.json",
             R"([{"Config":"abc.json","RepoTags":["name:tag"],"Layers":["0/layer.tar","1/layer.tar"]}])");
  const auto image = read_image_directory(scratch_, "tag");
  ASSERT_EQ(image.layers.size(), 2U);
  EXPECT_EQ(image.layers[0].digest, backend::oci::sha256_hex("bytes"));
  EXPECT_EQ(image.config.environment.at("A"), "1");
  EXPECT_THAT(refusal("other"), HasSubstr("other"));
}

TEST_F(ImageSourceTest, DockerArchivesCannotNameTheHostsFiles) {
  write_text(scratch_ / "manifest.json", R"([{"Config":"../../../../etc/passwd","Layers":[]}])");
  EXPECT_THAT(refusal(), HasSubstr("outside"));
  write_text(scratch_ / "manifest.json", R"([{"Config":"/etc/passwd","Layers":[]}])");
  EXPECT_THAT(refusal(), HasSubstr("outside"));
  fs::create_symlink("/etc/passwd", scratch_ / "link");
  write_text(scratch_ / "manifest.json", R"([{"Config":"link","Layers":[]}])");
  EXPECT_THAT(refusal(), HasSubstr("missing"));
}

TEST_F(ImageSourceTest, ArchivesOfImagesAndRootFileSystemsAreToldApart) {
  const fs::path tar = scratch_ / "a.tar";
  TarFile(tar).directory("blobs").file("blobs/sha256/x", "x").file("index.json", "{}").close();
  EXPECT_TRUE(is_image_archive(tar));
  TarFile(tar, true).file((std::string(64, 'a') + ".json").c_str(), "{}").file("manifest.json", "[]").close();
  EXPECT_TRUE(is_image_archive(tar));
  TarFile(tar).directory("./").directory("./bin").file("./bin/sh", "x").file("manifest.json", "[]").close();
  EXPECT_FALSE(is_image_archive(tar));
  TarFile(tar).directory("data").close();
  EXPECT_FALSE(is_image_archive(tar));
}

}  // namespace
}  // namespace fairlead::test
