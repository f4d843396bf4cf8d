// SPDX-License-Identifier: Apache-2.0
// The one merge rule of metadata.
#include "config/metadata.hpp"

namespace fairlead::config {
namespace {

void merge_into(MetadataMap& map, const MetadataMap& later) {
  for (const auto& [name, value] : later) map.insert_or_assign(name, value);
}

}  // namespace

void Metadata::merge(const Metadata& later) {
  merge_into(metadata, later.metadata);
  merge_into(environment, later.environment);
  merge_into(files, later.files);
  if (!later.authenticated_username.empty()) authenticated_username = later.authenticated_username;
}

}  // namespace fairlead::config
