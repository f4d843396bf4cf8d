// SPDX-License-Identifier: Apache-2.0
// Images unpacked once and shared, read-only, by all boxes and all daemons with this state directory.
#pragma once

#include "backend/oci/ids.hpp"
#include "backend/oci/image_source.hpp"
#include "observe/log.hpp"

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace fairlead::backend::oci {

struct Image {
  std::filesystem::path root;
  ImageConfig config;
};

class ImageStore {
 public:
  // Everything is kept in `directory`, made when missing.
  ImageStore(std::filesystem::path directory, std::shared_ptr<const Ids> ids, observe::Log log);

  // `reference`: a root file system directory or tar, an OCI layout directory or archive, a `docker save`
  // archive (these with an optional ":tag" behind the path), or else a name in a registry. Blocks, for
  // minutes when it must pull; the same image is unpacked once however many ask. Thread-safe. Throws
  // BackendError.
  [[nodiscard]] std::shared_ptr<const Image> get(const std::string& reference, const IdMap& map);
  // The same if it is known already, else null: never blocks for long.
  [[nodiscard]] std::shared_ptr<const Image> find(const std::string& reference, const IdMap& map);
  // Removes what an interrupted unpacking left.
  void clean();

 private:
  struct Place {
    std::filesystem::path path;  // empty: a registry's
    std::string tag;
  };
  [[nodiscard]] static Place locate(const std::string& reference);
  [[nodiscard]] static std::string quick_key(const std::string& reference, const Place& place,
                                             const IdMap& map);
  [[nodiscard]] std::shared_ptr<const Image> load(const std::string& name) const;
  [[nodiscard]] std::string unpack_named(const std::string& reference, const Place& place,
                                         const IdMap& map) const;
  [[nodiscard]] std::string unpack_image(const std::string& reference, const Place& place,
                                         const IdMap& map) const;
  [[nodiscard]] std::string store(const ImageContent& content, const IdMap& map) const;
  void pull(const std::string& reference, const std::filesystem::path& layout) const;

  std::filesystem::path directory_;
  std::shared_ptr<const Ids> ids_;
  observe::Log log_;
  std::mutex unpacking_;
  std::mutex mutex_;                                            // of what follows
  std::map<std::string, std::shared_ptr<const Image>> loaded_;  // by key of what was asked for
};

}  // namespace fairlead::backend::oci
