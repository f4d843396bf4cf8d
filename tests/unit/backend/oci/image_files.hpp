// SPDX-License-Identifier: Apache-2.0
// OCI image layouts for tests, right or wrong at will.
#pragma once

#include "backend/oci/sha256.hpp"
#include "unit/backend/oci/scratch.hpp"

#include <string>
#include <vector>

namespace fairlead::test {

// One image in the layout directory.
class OciLayout {
 public:
  explicit OciLayout(std::filesystem::path directory) : directory_(std::move(directory)) {}

  OciLayout& layer(std::string_view bytes) {
    layers_ += std::string(layers_.empty() ? "" : ",") + R"({"digest":"sha256:)" + blob(bytes) + "\"}";
    return *this;
  }
  OciLayout& config(std::string_view json) {
    config_ = blob(json);
    return *this;
  }
  OciLayout& tag(const std::string& name) {
    notes_ = R"(,"annotations":{"org.opencontainers.image.ref.name":")" + name + "\"}";
    return *this;
  }
  OciLayout& platform(const std::string& os, const std::string& architecture) {
    notes_ = R"(,"platform":{"os":")" + os + R"(","architecture":")" + architecture + "\"}";
    return *this;
  }
  std::string manifest_digest() {
    return blob(R"({"config":{"digest":"sha256:)" + config_ + R"("},"layers":[)" + layers_ + "]}");
  }
  std::string descriptor() { return R"({"digest":"sha256:)" + manifest_digest() + "\"" + notes_ + "}"; }
  void write() { write_index(directory_, {descriptor()}); }
  std::string blob(std::string_view bytes) {
    const std::string digest = backend::oci::sha256_hex(bytes);
    write_text(directory_ / "blobs/sha256" / digest, bytes);
    return digest;
  }
  static void write_index(const std::filesystem::path& directory,
                          const std::vector<std::string>& descriptors) {
    std::string all;
    for (const auto& one : descriptors) all += (all.empty() ? "" : ",") + one;
    write_text(directory / "index.json", R"({"manifests":[)" + all + "]}");
    write_text(directory / "oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  }

 private:
  std::filesystem::path directory_;
  std::string layers_, config_, notes_;
};

}  // namespace fairlead::test
