// SPDX-License-Identifier: Apache-2.0
// Section `security` (core.md section 8.1).
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

constexpr std::array<std::string_view, 4> modes{"", "enable", "filter", "disable"};

bool describe_mode(Visitor& section, std::string_view key, Mode& mode) {
  std::string name(modes.at(static_cast<std::size_t>(mode)));
  if (!section.choice(key, name, {modes, "mode"})) return false;
  mode = static_cast<Mode>(std::ranges::find(modes, name) - modes.begin());
  return true;
}

enum class Lists : std::uint8_t { none, allow, both };

void describe_rule(Visitor& security, std::string_view name, Lists lists, Rule& rule) {
  security.section(name, [&](Visitor& section) {
    describe_mode(section, "mode", rule.mode);
    if (lists != Lists::none) section.field("allow", rule.allow);
    if (lists == Lists::both) section.field("deny", rule.deny);
  });
}

void describe_forwarding(Visitor& section, std::string_view key, Mode& mode) {
  if (!describe_mode(section, key, mode)) return;
  if (mode == Mode::enable) section.error(key, "forwarding is not built yet");
  if (mode == Mode::filter) section.warning(key, "filter has no lists to go by and means disable");
  // Nobody gets forwarding by way of defaultMode (core.md section 7.1).
  if (mode != Mode::enable) mode = Mode::disable;
}

void describe(Visitor& section, Forwarding& forwarding) {
  describe_forwarding(section, "reverseForwardingMode", forwarding.reverse);
  describe_forwarding(section, "forwardingMode", forwarding.direct);
  describe_forwarding(section, "socketForwardingMode", forwarding.socket);
  describe_forwarding(section, "socketListenMode", forwarding.socket_listen);
  describe_forwarding(section, "x11ForwardingMode", forwarding.x11);
}

void describe_max_sessions(Visitor& section, std::optional<std::size_t>& most) {
  std::int64_t number = most ? static_cast<std::int64_t>(*most) : -1;
  if (!section.field("maxSessions", number)) return;
  if (number < -1)
    return section.error("maxSessions", fmt::format("invalid maxSessions setting: {}", number));
  if (number == 0)
    section.warning("maxSessions",
                    "is 0, as written: no session can be opened; ContainerSSH would not limit them");
  most = number < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(number));
}

}  // namespace

void describe(Visitor& section, Security& security) {
  describe_mode(section, "defaultMode", security.default_mode);
  section.field("forceCommand", security.force_command);
  describe_rule(section, "env", Lists::both, security.env);
  describe_rule(section, "command", Lists::allow, security.command);
  describe_rule(section, "shell", Lists::none, security.shell);
  describe_rule(section, "subsystem", Lists::both, security.subsystem);
  section.section("forwarding", [&](Visitor& own) { describe(own, security.forwarding); });
  describe_rule(section, "tty", Lists::none, security.tty);
  describe_rule(section, "signal", Lists::both, security.signal);
  describe_max_sessions(section, security.max_sessions);
}

}  // namespace fairlead::config
