// SPDX-License-Identifier: Apache-2.0
// ContainerSSH's sections whose subsystems have their own issues. A file may contain them, a whole dumped
// configuration for example; what it may not do is believe that they are in force.
#include "config/sections.hpp"

#include <fmt/format.h>

namespace fairlead::config {
namespace {

void refuse_if_enabled(Section& root, std::string_view name, std::string_view what) {
  Section section = root.section(name);
  section.accept_all();
  bool enabled = false;
  if (section.read("enable", enabled) && enabled)
    section.error("enable", fmt::format("{} is not built yet", what));
}

void refuse_if_set(Section& root, std::string_view name, std::string_view key, std::string_view idle) {
  Section section = root.section(name);
  section.accept_all();
  std::string value(idle);
  if (section.read(key, value) && value != idle && !value.empty())
    section.error(key, fmt::format("{} is not built yet", name));
}

}  // namespace

void check_later_sections(Section& root) {
  refuse_if_set(root, "geoip", "provider", "dummy");
  refuse_if_enabled(root, "metrics", "the metrics server");
  refuse_if_enabled(root, "audit", "the audit log");
  // Only looked at when the backend of this name is chosen, which read_backends() refuses.
  root.skip("kubernetes");
  root.skip("sshproxy");
}

}  // namespace fairlead::config
