// SPDX-License-Identifier: Apache-2.0
// The file's readers once more, with zero values skipped.
#include "config/overlay.hpp"

#include "config/sections.hpp"

namespace fairlead::config {
namespace {

// Sections of things that run already.
void read_static_sections(Section& root) {
  Config unused;
  const auto read = [&root](std::string_view name, auto reader) {
    Section section = root.section(name);
    if (!section.present() || is_all_zero(*section.node())) return section.accept_all();
    root.warning(name, "has no effect: only the configuration file can set it");
    reader(section);
  };
  read("ssh", [&](Section& section) { read_ssh(section, unused.ssh); });
  read("configserver", [&](Section& section) { read_config_server(section, unused.config_server); });
  read("health", [&](Section& section) { read_health(section, unused.health); });
  for (const std::string_view name : {"auth", "metrics", "geoip", "audit"})
    read(name, [](Section& section) { section.accept_all(); });
  root.skip("kubernetes");
  root.skip("sshproxy");
}

}  // namespace

std::expected<Overlaid, Errors> overlay(const Config& base, const boost::json::value& answer) {
  Findings findings("the configuration server");
  findings.names_ignore_case = true;
  findings.overlay = true;
  Overlaid result{base, {}};
  const Node document = to_node(answer);
  {
    Section root(findings, "", &document);
    Section log = root.section("log");
    read_log(log, result.config.log);
    read_backends(root, result.config);
    read_static_sections(root);
  }
  if (!findings.errors.empty()) return std::unexpected(std::move(findings.errors));
  result.warnings = std::move(findings.warnings);
  return result;
}

}  // namespace fairlead::config
