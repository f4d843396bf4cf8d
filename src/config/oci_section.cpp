// SPDX-License-Identifier: Apache-2.0
// Section `oci`: Fairlead's own backend.
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

// "source:target[:ro]": both absolute; a colon cannot be part of either.
const char* mount_mistake(std::string_view mount) {
  const std::size_t first = mount.find(':');
  if (first == std::string_view::npos) return "must be SOURCE:TARGET or SOURCE:TARGET:ro";
  std::string_view target = mount.substr(first + 1);
  const std::size_t second = target.find(':');
  if (second != std::string_view::npos) {
    if (target.substr(second + 1) != "ro" && target.substr(second + 1) != "rw")
      return "ends in something other than :ro or :rw";
    target = target.substr(0, second);
  }
  if (!mount.starts_with('/') || !target.starts_with('/')) return "needs absolute paths";
  if (target == "/") return "cannot be mounted over the root";
  return nullptr;
}

bool is_hostname(std::string_view name) {
  constexpr std::size_t longest = 63;  // RFC 1035's label, and within the kernel's 64 bytes
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  };
  return !name.empty() && name.size() <= longest && name.front() != '-' && std::ranges::all_of(name, allowed);
}

}  // namespace

void describe(Visitor& section, Oci& oci, bool chosen) {
  section.field("image", oci.image);
  if (section.field("runtime", oci.runtime) && oci.runtime != "auto" && oci.runtime != "crun" &&
      oci.runtime != "runc" && !oci.runtime.starts_with('/'))
    section.error("runtime", "must be auto, crun, runc or an absolute path");
  constexpr std::array<std::string_view, 3> networks{"none", "host", "user"};
  section.choice("network", oci.network, {networks});
  section.field("readOnlyRoot", oci.read_only_root);
  section.field("userNamespace", oci.user_namespace);
  if (section.field("hostname", oci.hostname) && !is_hostname(oci.hostname))
    section.error("hostname", "must be letters, digits, dots and dashes, at most 63");
  if (section.field("mounts", oci.mounts))
    for (const std::string& mount : oci.mounts)
      if (const char* mistake = mount_mistake(mount))
        section.error("mounts", fmt::format("\"{}\" {}", mount, mistake));
  if (section.field("startTimeout", oci.start_timeout) && oci.start_timeout < 1s)
    section.error("startTimeout", "must be at least 1 second");
  describe(section, oci.programs);
  section.section("limits", [&](Visitor& limits) { describe(limits, oci.limits); });
  section.section("pool", [&](Visitor& own) { describe(own, oci.pool); });
  if (chosen && oci.image.empty()) section.error("image", "no image name provided");
}

}  // namespace fairlead::config
