// SPDX-License-Identifier: Apache-2.0
// Section `log` (services.md section 7.1).
#include "config/sections.hpp"

#include <array>

namespace fairlead::config {
namespace {

// Syslog's order: a name's index is its number.
constexpr std::array<std::string_view, 8> levels{"emerg",   "alert",  "crit", "error",
                                                 "warning", "notice", "info", "debug"};
constexpr std::array<std::string_view, 24> facilities{
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog",   "lpr",      "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "logaudit", "logalert", "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5",   "local6",   "local7"};

void describe(Visitor& section, Syslog& syslog) {
  section.field("destination", syslog.destination);
  section.choice("facility", syslog.facility, {facilities});
  section.field("tag", syslog.tag);
  section.field("pid", syslog.pid);
}

}  // namespace

void describe_level(Visitor& section, Log& log) {
  if (section.choice("level", log.level, {levels, "", true}) && log.level == levels.front())
    section.warning("level", "is emerg, as written; ContainerSSH would take notice instead");
}

void describe(Visitor& section, Log& log) {
  describe_level(section, log);
  constexpr std::array<std::string_view, 2> formats{"ljson", "text"};
  section.choice("format", log.format, {formats});
  constexpr std::array<std::string_view, 3> destinations{"stdout", "file", "syslog"};
  section.choice("destination", log.destination, {destinations});
  if (log.destination == "syslog")
    section.error("destination", "logging to syslog is not built yet: choose stdout or file");
  section.field("file", log.file);
  if (log.destination == "file" && log.file.empty()) section.error("file", "must name the log file");
  section.section("syslog", [&](Visitor& own) { describe(own, log.syslog); });
}

}  // namespace fairlead::config
