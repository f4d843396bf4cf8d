// SPDX-License-Identifier: Apache-2.0
// The top level of the file.
#include "config/load.hpp"

#include "config/sections.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace fairlead::config {
namespace {

// Part of labels and file names.
bool is_instance_name(std::string_view name) {
  constexpr std::size_t longest = 63;  // of a Docker label value that other tools still show whole
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !name.empty() && name.size() <= longest && name.front() != '.' && std::ranges::all_of(name, allowed);
}

}  // namespace

void describe_daemon(Visitor& root, Config& config) {
  root.field("stateDirectory", config.state_directory);
  if (!config.state_directory.empty() && !config.state_directory.starts_with('/'))
    root.error("stateDirectory", "must be an absolute path");
  root.field("agentPath", config.agent_path);
  if (root.field("instance", config.instance) && !is_instance_name(config.instance))
    root.error("instance", "must be letters, digits, dots, dashes and underscores, at most 63");
  constexpr unsigned most_threads = 1024;  // more cores than any machine we have heard of
  if (root.field("threads", config.threads) && config.threads > most_threads)
    root.error("threads", "must be at most 1024");
  root.field("coreDumps", config.core_dumps);
}

void describe_services(Visitor& root, Config& config) {
  root.section("ssh", [&](Visitor& own) { describe(own, config.ssh); });
  root.section("configserver", [&](Visitor& own) { describe(own, config.config_server); });
  root.section("metrics", [&](Visitor& own) { describe(own, config.metrics); });
  root.section("geoip", [&](Visitor& own) { describe(own, config.geoip); });
  root.section("audit", [&](Visitor& own) { describe(own, config.audit); });
  root.section("health", [&](Visitor& own) { describe(own, config.health); });
}

void describe(Visitor& root, Config& config) {
  describe_services(root, config);
  root.section("auth", [&](Visitor& own) { describe(own, config.auth); });
  root.section("log", [&](Visitor& own) { describe(own, config.log); });
  // The configuration server may complete or replace what the file says of these (core.md section 9.4).
  root.postpone_errors(!config.config_server.url.empty());
  choose_backend(root, config);
  describe_backends(root, config);
  root.postpone_errors(false);
  describe_daemon(root, config);
}

std::expected<Config, Errors> parse(std::string_view text, const std::string& name, Format format,
                                    Validation validation) {
  auto document = format == Format::json ? parse_json(text, name) : parse_yaml(text, name);
  if (!document) return std::unexpected(std::move(document.error()));
  Findings findings(name);
  findings.names_ignore_case = format == Format::json;
  findings.form_only = validation == Validation::form;
  Config config;
  config.file = name;
  {
    Section root(findings, "", &*document);  // its end reports unknown keys
    describe(root, config);
  }
  if (!findings.errors.empty()) return std::unexpected(std::move(findings.errors));
  config.warnings = std::move(findings.warnings);
  config.deprecated = std::move(findings.deprecated);
  config.postponed = std::move(findings.postponed);
  return config;
}

std::expected<Config, Errors> load(const std::string& file, Validation validation) {
  const auto text = read_text_file(file);
  if (!text) return std::unexpected(Errors{text.error()});
  return parse(*text, file, file.ends_with(".json") ? Format::json : Format::yaml, validation);
}

std::string state_directory(const Config& config) {
  if (!config.state_directory.empty()) return config.state_directory;
  if (::geteuid() == 0) return "/var/lib/fairlead";
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/')
    return std::string(state) + "/fairlead";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : "/tmp") + "/.local/state/fairlead";
}

}  // namespace fairlead::config
