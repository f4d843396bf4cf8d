// SPDX-License-Identifier: Apache-2.0
// The sections' descriptions once more, read from the webhook's answer with zero values skipped.
#include "config/overlay.hpp"

#include "config/answer_rules.hpp"
#include "config/sections.hpp"
#include "config/values.hpp"

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

// Things that run already: their sections are read for what nothing can be, wrong types and unknown names.
void read_static_sections(Section& root, const Node& answer) {
  constexpr std::array<std::string_view, 12> names{"ssh",      "configserver", "auth",      "metrics",
                                                   "geoip",    "audit",        "health",    "stateDirectory",
                                                   "instance", "threads",      "agentPath", "coreDumps"};
  bool present = false;
  for (const auto& [name, value] : answer.members) {
    const auto is_name = [&](std::string_view known) { return equal_ignoring_case(known, name); };
    if (std::ranges::none_of(names, is_name)) continue;
    present = true;
    if (!is_all_zero(value)) root.warning(name, "has no effect: only the configuration file can set it");
  }
  // Unknown members of `auth` are nobody's mistake (core.md section 2.4).
  root.section("auth").accept_all();
  if (!present) return;
  Config unused;
  root.postpone_errors(true);
  describe_services(root, unused);
  describe_daemon(root, unused);
  root.postpone_errors(false);
}

// Of `log` the level alone has an effect.
void read_log(Section& root, Config& config) {
  Log log = config.log;
  root.postpone_errors(true);
  root.section("log", [&](Visitor& own) { describe(own, log); });
  root.postpone_errors(false);
  config.log.level = log.level;
  for (PostponedError& error : root.findings().postponed)
    if (error.path == "log.level") root.findings().errors.push_back(std::move(error.sentence));
}

// Mistakes of the file that the answer did not mend and that matter to this login.
void add_postponed(const Config& config, Findings& findings) {
  for (const PostponedError& error : config.postponed) {
    const auto below = [&](const std::string& section) { return error.path.starts_with(section + "."); };
    const bool matters =
        error.path == "backend" || below("security") || below("quota") || below(config.backend);
    if (matters && std::ranges::find(findings.given, error.path) == findings.given.end())
      findings.errors.push_back(error.sentence);
  }
}

}  // namespace

std::expected<Overlaid, Errors> overlay(const Config& base, const boost::json::value& answer) {
  Findings findings("the configuration server");
  findings.names_ignore_case = true;
  findings.overlay = true;
  Overlaid result{base, {}};
  const Node document = to_node(answer);
  result.config.for_one_login = true;
  check_answer(findings, document, base);
  {
    Section root(findings, "", &document);
    read_log(root, result.config);
    describe_backends(root, result.config);
    read_static_sections(root, document);
  }
  add_postponed(result.config, findings);
  if (!findings.errors.empty()) return std::unexpected(std::move(findings.errors));
  result.warnings = std::move(findings.warnings);
  return result;
}

}  // namespace fairlead::config
