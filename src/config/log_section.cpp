// SPDX-License-Identifier: Apache-2.0
// Section `log` (services.md section 7.1).
#include "config/sections.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

// Syslog's order: a name's index is its number.
constexpr std::array<std::string_view, 8> levels{"emerg",   "alert",  "crit", "error",
                                                 "warning", "notice", "info", "debug"};

void read_level(Section& section, std::string& level) {
  const Node* node = section.raw("level");
  std::string text;
  if (node == nullptr || !section.read("level", text)) return;
  // Go's zero value of this type by its name.
  if (section.findings().overlay && text == levels.front()) return;
  const auto number = node->quoted ? std::nullopt : parse_unsigned(text);
  if (number && *number < levels.size())
    level = levels[*number];
  else if (std::ranges::find(levels, text) != levels.end())
    level = text;
  else
    section.error("level",
                  fmt::format("expected one of debug, info, notice, warning, error, crit, alert, emerg or a "
                              "number from 7 to 0, found \"{}\"",
                              text));
}

}  // namespace

void read_log(Section& section, Log& log) {
  read_level(section, log.level);
  constexpr std::array<std::string_view, 2> formats{"ljson", "text"};
  section.read_choice("format", log.format, formats);
  constexpr std::array<std::string_view, 3> destinations{"stdout", "file", "syslog"};
  section.read_choice("destination", log.destination, destinations);
  if (log.destination == "syslog") section.error("destination", "logging to syslog is not built yet");
  section.read("file", log.file);
  if (log.destination == "file" && log.file.empty()) section.error("file", "must name the log file");

  Section syslog = section.section("syslog");
  std::string text;
  bool pid = false;
  syslog.read("destination", text);
  syslog.read("facility", text);
  syslog.read("tag", text);
  syslog.read("pid", pid);
}

}  // namespace fairlead::config
