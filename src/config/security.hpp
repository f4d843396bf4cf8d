// SPDX-License-Identifier: Apache-2.0
// Section `security`: what clients may ask for (core.md chapter 8).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::config {

enum class Mode : std::uint8_t { inherit, enable, filter, disable };  // inherit is written ""

// Names are compared exactly. What a block has no list for stays empty.
struct Rule {
  Mode mode = Mode::inherit;
  std::vector<std::string> allow{}, deny{};
};

struct Forwarding {
  Mode reverse = Mode::disable, direct = Mode::disable, socket = Mode::disable, socket_listen = Mode::disable,
       x11 = Mode::disable;
};

struct Security {
  Mode default_mode = Mode::inherit;  // of the rules that inherit; itself inherits `enable`
  std::string force_command{};        // "": none
  Rule env{}, command{}, shell{}, subsystem{}, tty{}, signal{};
  Forwarding forwarding{};
  std::optional<std::size_t> max_sessions{};  // open at the same time; nothing: as many as the engine allows
};

}  // namespace fairlead::config
