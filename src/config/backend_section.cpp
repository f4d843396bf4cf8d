// SPDX-License-Identifier: Apache-2.0
// Which backend, and the keys both of ours share.
#include "config/sections.hpp"

#include <fmt/format.h>

#include <array>

namespace fairlead::config {
namespace {

void describe_environment(Visitor& section, std::map<std::string, std::string>& environment) {
  if (!section.field("environment", environment)) return;
  for (const auto& [name, value] : environment) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
      section.error("environment", fmt::format("\"{}\" cannot be the name of a variable", name));
    if (value.find('\0') != std::string::npos)
      section.error("environment", fmt::format("the value of {} holds a NUL", name));
  }
}

}  // namespace

void choose_backend(const Visitor& root, Config& config) {
  // ContainerSSH's default: a file that knows nothing of `oci` keeps its meaning.
  if (root.checks() && !root.has("backend") && !root.has("oci")) config.backend = "docker";
}

void describe_backends(Visitor& root, Config& config) {
  root.section("security", [&](Visitor& own) { describe(own, config.security); });
  root.section("quota", [&](Visitor& own) { describe(own, config.quota); });
  constexpr std::array<std::string_view, 4> backends{"oci", "docker", "kubernetes", "sshproxy"};
  root.choice("backend", config.backend, {backends, "backend", false, "no backend configured"});
  const auto chosen = [&config](std::string_view name) { return config.backend == name; };
  root.section("oci", [&](Visitor& own) { describe(own, config.oci, chosen("oci")); });
  root.section("docker", [&](Visitor& own) { describe(own, config.docker, chosen("docker")); });
  root.section("kubernetes", [&](Visitor& own) { describe(own, config.kubernetes, chosen("kubernetes")); });
  root.section("sshproxy", [&](Visitor& own) { describe(own, config.sshproxy, chosen("sshproxy")); });
  if (chosen("kubernetes") || chosen("sshproxy"))
    root.error("backend", fmt::format("backend {} is not built yet", config.backend));
}

void describe(Visitor& section, Limits& limits) {
  // Less than this no runtime starts a program with.
  if (section.limit("memory", limits.memory) && limits.memory && *limits.memory < (std::uint64_t{8} << 20))
    section.error("memory", "must be at least 8M");
  if (section.limit("cpus", limits.cpus) && limits.cpus && *limits.cpus < 0.01)
    section.error("cpus", "must be at least 0.01, or none");
  if (section.limit("pids", limits.pids) && limits.pids && *limits.pids < 4)
    section.error("pids", "must be at least 4");
  section.limit("disk", limits.disk);
}

void describe_shared(Visitor& section, Programs& programs) {
  section.field("shellCommand", programs.shell_command);
  section.field("subsystems", programs.subsystems);
  for (const auto& [name, path] : programs.subsystems)
    if (name.empty() || path.empty()) section.error("subsystems", "names and programs must not be empty");
  constexpr std::array<std::string_view, 3> choices{"auto", "internal", "image"};
  section.choice("fileTransfer", programs.file_transfer, {choices});
  section.field("exposeAuthMetadataAsEnv", programs.expose_metadata_as_env);
}

void describe(Visitor& section, Programs& programs) {
  describe_shared(section, programs);
  section.field("user", programs.user);
  section.field("workingDirectory", programs.working_directory);
  if (!programs.working_directory.empty() && !programs.working_directory.starts_with('/'))
    section.error("workingDirectory", "must be an absolute path");
  describe_environment(section, programs.environment);
}

}  // namespace fairlead::config
