// SPDX-License-Identifier: Apache-2.0
// Reads an image from wherever it is: what its layers are, in order, and what its configuration says.
#pragma once

#include "backend/oci/layer.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace fairlead::backend::oci {

// What of an image's configuration counts for us; its command does not.
struct ImageConfig {
  std::map<std::string, std::string> environment;
  std::string user;
  std::string working_directory;

  [[nodiscard]] boost::json::object to_json() const;
  static ImageConfig from_json(const boost::json::object& object);
};

struct ImageLayer {
  ByteSource bytes;
  std::string digest;  // SHA-256 as hex that the bytes must have; empty: not known before
};

struct ImageContent {
  std::vector<ImageLayer> layers;  // lowest first
  ImageConfig config;
  bool whiteouts = true;
  std::string digest;  // names the image: of its manifest; empty: of the bytes of its only layer
};

// An unpacked OCI image layout (`index.json`) or `docker save` archive (`manifest.json`). `tag` chooses among
// several images, empty takes the only or first one for this machine. Throws BackendError that says what is
// wrong.
[[nodiscard]] ImageContent read_image_directory(const std::filesystem::path& directory,
                                                const std::string& tag);
[[nodiscard]] bool is_image_directory(const std::filesystem::path& directory);
// Whether a tar archive holds an image (layout or `docker save`), not a root file system.
[[nodiscard]] bool is_image_archive(const std::filesystem::path& file);

// A root file system as an image of one layer.
[[nodiscard]] ImageContent plain_image(ByteSource bytes);

}  // namespace fairlead::backend::oci
