// SPDX-License-Identifier: Apache-2.0
// Removes directory trees that a hostile box made.
#pragma once

#include <string>

namespace fairlead::backend::oci {

// Removes `name` (relative to `directory`, or absolute) with everything below it, without following a
// symbolic link and with constant stack and descriptors however deep the tree is. Returns 0 (also when there
// was nothing) or an errno. Makes system calls only.
[[nodiscard]] int remove_tree(int directory, const char* name) noexcept;
[[nodiscard]] inline int remove_tree(const std::string& path) noexcept {
  return remove_tree(-100 /* AT_FDCWD */, path.c_str());
}

}  // namespace fairlead::backend::oci
