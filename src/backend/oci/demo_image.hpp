// SPDX-License-Identifier: Apache-2.0
// A small image for `fairlead demo`, made from Debian's busybox-static: no registry, no download.
#pragma once

#include <filesystem>

namespace fairlead::backend::oci {

// A root file system tar in `state` (the state directory), made when it is missing or busybox is another one;
// usable as `oci.image`. Accounts: root, and `user` (1000). Blocks for some milliseconds. Throws BackendError
// with what to install.
[[nodiscard]] std::filesystem::path make_demo_image(const std::filesystem::path& state);

}  // namespace fairlead::backend::oci
