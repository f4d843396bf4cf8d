// SPDX-License-Identifier: Apache-2.0
// Image references as Docker's tools read them: what a short name stands for.
#pragma once

#include <string>
#include <string_view>

namespace fairlead::docker {

struct ImageReference {
  std::string name;  // with registry: "docker.io/library/busybox"
  std::string tag;   // "latest", or a digest "sha256:…"
};

// "busybox" → docker.io/library/busybox, latest. The first component is a registry when it has a dot or a
// colon or is "localhost"; a digest wins over a tag. Whether the name is legal is for the engine to say.
[[nodiscard]] ImageReference canonical_reference(std::string_view image);

}  // namespace fairlead::docker
