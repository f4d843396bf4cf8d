// SPDX-License-Identifier: Apache-2.0
// Section `security` (core.md section 8.1).
#include "config/sections.hpp"

#include <fmt/format.h>

#include <array>

namespace fairlead::config {
namespace {

void read_mode(Section& section, std::string_view key, Mode& mode) {
  constexpr std::array<std::string_view, 4> names{"", "enable", "filter", "disable"};
  std::string name;
  if (!section.read(key, name)) return;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names.at(i) == name) {
      mode = static_cast<Mode>(i);
      return;
    }
  section.error(key, fmt::format("invalid mode: {}", name));
}

enum class Lists : std::uint8_t { none, allow, both };

void read_rule(Section& security, std::string_view name, Lists lists, Rule& rule) {
  Section section = security.section(name);
  read_mode(section, "mode", rule.mode);
  if (lists != Lists::none) section.read("allow", rule.allow);
  if (lists == Lists::both) section.read("deny", rule.deny);
}

void read_forwarding(Section& security, Forwarding& forwarding) {
  Section section = security.section("forwarding");
  const auto read = [&](std::string_view key, Mode& mode) {
    read_mode(section, key, mode);
    if (mode == Mode::enable || mode == Mode::filter) section.error(key, "forwarding is not built yet");
  };
  read("reverseForwardingMode", forwarding.reverse);
  read("forwardingMode", forwarding.direct);
  read("socketForwardingMode", forwarding.socket);
  read("socketListenMode", forwarding.socket_listen);
  read("x11ForwardingMode", forwarding.x11);
}

}  // namespace

void read_security(Section& section, Security& security) {
  read_mode(section, "defaultMode", security.default_mode);
  section.read("forceCommand", security.force_command);
  read_rule(section, "env", Lists::both, security.env);
  read_rule(section, "command", Lists::allow, security.command);
  read_rule(section, "shell", Lists::none, security.shell);
  read_rule(section, "subsystem", Lists::both, security.subsystem);
  read_rule(section, "tty", Lists::none, security.tty);
  read_rule(section, "signal", Lists::both, security.signal);
  read_forwarding(section, security.forwarding);
  std::string most;
  if (!section.read("maxSessions", most)) return;
  std::size_t number = 0;
  if (most == "-1")
    security.max_sessions.reset();
  else if (most.starts_with('-'))
    section.error("maxSessions", fmt::format("invalid maxSessions setting: {}", most));
  else if (section.read("maxSessions", number))
    security.max_sessions = number;
}

}  // namespace fairlead::config
