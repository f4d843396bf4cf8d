// SPDX-License-Identifier: Apache-2.0
// Short image names made full.
#include "backend/docker/image_reference.hpp"

namespace fairlead::docker {

ImageReference canonical_reference(std::string_view image) {
  ImageReference reference;
  reference.tag = "latest";
  std::string_view name = image;
  std::string_view digest;
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    digest = name.substr(at + 1);
    name = name.substr(0, at);
  }
  const auto slash = name.rfind('/');
  const auto colon = name.rfind(':');
  // A colon before the last slash belongs to a registry's port.
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    reference.tag = name.substr(colon + 1);
    name = name.substr(0, colon);
  }
  if (!digest.empty()) reference.tag = digest;

  const auto first = name.substr(0, name.find('/'));
  const bool has_path = first.size() < name.size();
  const bool has_registry =
      has_path && (first == "localhost" || first.find_first_of(".:") != std::string_view::npos);
  if (!has_registry) reference.name = has_path ? "docker.io/" : "docker.io/library/";
  reference.name += name;
  return reference;
}

}  // namespace fairlead::docker
