// SPDX-License-Identifier: Apache-2.0
// An address as logs and errors may show it.
#pragma once

#include <string>
#include <string_view>

namespace fairlead {

// `url` without what stands before its last '@': it may be a password, in whatever is wrong with the rest.
[[nodiscard]] inline std::string safe_address(std::string_view url) {
  const auto end = url.rfind('@');
  if (end == std::string_view::npos) return std::string(url);
  const auto authority = url.find("//");
  std::string shown(authority < end ? url.substr(0, authority + 2) : std::string_view());
  return shown.append("***").append(url.substr(end));
}

}  // namespace fairlead
