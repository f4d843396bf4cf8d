// SPDX-License-Identifier: Apache-2.0
// ContainerSSH's sections whose subsystems have their own issues. A file may contain them, a whole dumped
// configuration for example; what it may not do is believe that they are in force.
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

// A value of the `security` section that changes nothing: what ContainerSSH dumps as its default.
bool is_default_rule(const Node& node, bool forwarding) {
  switch (node.kind) {
    case Node::Kind::null:
      return true;
    case Node::Kind::scalar:
      if (node.text.empty() || node.text == "-1") return true;
      return forwarding ? node.text == "disable" : node.text == "enable";
    case Node::Kind::list:
      return node.items.empty();
    case Node::Kind::map:
      return std::ranges::all_of(
          node.members, [&](const auto& member) { return is_default_rule(member.value, forwarding); });
  }
  return false;
}

// A rule that is not enforced is worse than none: any is refused, each with its own line.
void check_security(Section& root) {
  Section section = root.section("security");
  section.accept_all();
  if (!section.present()) return;
  for (const auto& [name, value] : section.node()->members)
    if (!is_default_rule(value, name == "forwarding"))
      section.error(name, "rules of the security section are not built yet");
}

}  // namespace

void check_later_sections(Section& root) {
  refuse_if_set(root, "configserver", "url", "");
  refuse_if_set(root, "geoip", "provider", "dummy");
  refuse_if_enabled(root, "metrics", "the metrics server");
  refuse_if_enabled(root, "health", "the health endpoint");
  refuse_if_enabled(root, "audit", "the audit log");
  check_security(root);
  // Only looked at when the backend of this name is chosen, which read_backends() refuses.
  root.skip("kubernetes");
  root.skip("sshproxy");
}

}  // namespace fairlead::config
