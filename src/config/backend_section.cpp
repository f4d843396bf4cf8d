// SPDX-License-Identifier: Apache-2.0
// Which backend, and the keys both of ours share.
#include "config/sections.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

void check_absolute(Section& section, std::string_view key, const std::string& path) {
  if (!path.empty() && !path.starts_with('/')) section.error(key, "must be an absolute path");
}

void read_environment(Section& section, std::map<std::string, std::string>& environment) {
  if (!section.read("environment", environment)) return;
  for (const auto& [name, value] : environment) {
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
      section.error("environment", fmt::format("\"{}\" cannot be the name of a variable", name));
    if (value.find('\0') != std::string::npos)
      section.error("environment", fmt::format("the value of {} holds a NUL", name));
  }
}

}  // namespace

void choose_backend(const Section& section, Config& config) {
  // ContainerSSH's default is docker: a file that says nothing but `docker:` keeps its meaning.
  if (!section.has("backend") && section.has("docker") && !section.has("oci")) config.backend = "docker";
}

void read_backends(Section& section, Config& config) {
  std::string backend = config.backend;
  if (section.read("backend", backend)) {
    if (backend.empty())
      section.error("backend", "no backend configured");
    else if (backend == "kubernetes" || backend == "sshproxy")
      section.error("backend", fmt::format("backend {} is not built yet", backend));
    else if (backend != "oci" && backend != "docker")
      section.error("backend", fmt::format("invalid backend: {}", backend));
    config.backend = backend;
  }
  Section security = section.section("security");
  read_security(security, config.security);
  Section oci = section.section("oci");
  read_oci(oci, config.oci);
  if (config.backend == "oci") check_oci(oci, config.oci);
  Section docker = section.section("docker");
  read_docker(docker, config.docker);
  if (config.backend == "docker") check_docker(docker, config.docker);
}

void read_limits(Section& section, Limits& limits) {
  section.read_limit("memory", limits.memory);
  section.read_limit("pids", limits.pids);
  section.read_limit("disk", limits.disk);
  double cpus = limits.cpus.value_or(0);
  if (const Node* node = section.raw("cpus"); node != nullptr && node->text == "none")
    limits.cpus.reset();
  else if (section.read("cpus", cpus)) {
    if (cpus < 0 || (cpus > 0 && cpus < 0.01)) section.error("cpus", "must be at least 0.01, or none");
    limits.cpus = cpus > 0 ? std::optional(cpus) : std::nullopt;
  }
  // Less than this no runtime starts a program with.
  if (limits.memory && *limits.memory < (std::uint64_t{8} << 20))
    section.error("memory", "must be at least 8M");
  if (limits.pids && *limits.pids < 4) section.error("pids", "must be at least 4");
}

void read_programs(Section& section, Programs& programs) {
  section.read("shellCommand", programs.shell_command);
  section.read("subsystems", programs.subsystems);
  for (const auto& [name, path] : programs.subsystems)
    if (name.empty() || path.empty()) section.error("subsystems", "names and programs must not be empty");
  constexpr std::array<std::string_view, 3> choices{"auto", "internal", "image"};
  section.read_choice("fileTransfer", programs.file_transfer, choices);
  section.read("exposeAuthMetadataAsEnv", programs.expose_metadata_as_env);
  section.read("user", programs.user);
  section.read("workingDirectory", programs.working_directory);
  check_absolute(section, "workingDirectory", programs.working_directory);
  read_environment(section, programs.environment);
}

}  // namespace fairlead::config
