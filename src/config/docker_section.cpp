// SPDX-License-Identifier: Apache-2.0
// Section `docker` (core.md section 3.1).
#include "config/docker_structures.hpp"
#include "config/sections.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view guest_agent = "/usr/bin/containerssh-agent";

void read_host(Section& section, std::string& host) {
  if (!section.read("host", host)) return;
  if (host.empty()) return section.error("host", "missing host");
  // ContainerSSH's manual shows hosts without a scheme, its code refuses them (core.md Appendix E).
  if (host.find("://") == std::string::npos) host.insert(0, "tcp://");
  constexpr std::array<std::string_view, 4> schemes{"unix://", "tcp://", "http://", "https://"};
  const auto fits = [&host](std::string_view scheme) {
    return host.starts_with(scheme) && host.size() > scheme.size();
  };
  if (!std::ranges::any_of(schemes, fits))
    section.error("host", "must be unix://PATH, tcp://HOST:PORT, http://HOST:PORT or https://HOST:PORT");
}

void read_connection(Section& section, Docker& docker) {
  read_host(section, docker.host);
  section.read("cacert", docker.cacert);
  section.read("cert", docker.cert);
  section.read("key", docker.key);
  const int given = !docker.cacert.empty() + !docker.cert.empty() + !docker.key.empty();
  // ContainerSSH then goes on without TLS (W3.15).
  if (given != 0 && given != 3)
    section.error(docker.cacert.empty() ? "cacert"
                  : docker.cert.empty() ? "cert"
                                        : "key",
                  "TLS needs all three of cacert, cert and key");
}

// What the file says over what was there, key by key.
void read_structure(Section& section, std::string_view key, DockerStructure structure,
                    boost::json::object& into) {
  const Node* node = section.raw(key);
  if (node == nullptr) return;
  const boost::json::object given =
      docker_structure(section.findings(), section.path_of(key), *node, structure);
  for (const auto& member : given) into[member.key()] = member.value();
}

// Keys that steer the agent which ContainerSSH expects in the image. Ours is brought along (design D6).
void note_guest_agent_keys(Section& section) {
  std::string path(guest_agent);
  if (section.read("agentPath", path) && path != guest_agent)
    section.warning("agentPath", "has no effect: Fairlead brings its own agent into the container");
  std::vector<std::string> command;
  if (section.read("idleCommand", command) && (command.empty() || command.front() != guest_agent))
    section.warning("idleCommand", "has no effect: the container's first process is Fairlead's agent");
  if (section.raw("auth") != nullptr)
    section.warning("auth", "has no effect yet: images are pulled with the credentials of the engine");
}

void read_execution(Section& section, Docker& docker) {
  read_structure(section, "container", DockerStructure::container, docker.container);
  read_structure(section, "host", DockerStructure::host, docker.host_config);
  read_structure(section, "network", DockerStructure::network, docker.network_config);
  read_structure(section, "platform", DockerStructure::platform, docker.platform);
  // The code's name and the manual's.
  section.read("containername", docker.container_name);
  section.read("containerName", docker.container_name);
  constexpr std::array<std::string_view, 2> modes{"connection", "session"};
  section.read_choice("mode", docker.mode, modes);
  if (docker.mode != "connection") section.error("mode", "mode session is not built yet");
  section.read("disableAgent", docker.disable_agent);
  if (docker.disable_agent) section.error("disableAgent", "running without the agent is not built yet");
  constexpr std::array<std::string_view, 3> policies{"Always", "IfNotPresent", "Never"};
  section.read_choice("imagePullPolicy", docker.image_pull_policy, policies);
  constexpr std::array<std::string_view, 3> links{"auto", "socket", "attach"};
  section.read_choice("agentLink", docker.agent_link, links);
  section.read("shellCommand", docker.programs.shell_command);
  section.read("subsystems", docker.programs.subsystems);
  section.read("exposeAuthMetadataAsEnv", docker.programs.expose_metadata_as_env);
  section.read("exposeAuthMetadataAsLabels", docker.metadata_labels);
  constexpr std::array<std::string_view, 3> transfers{"auto", "internal", "image"};
  section.read_choice("fileTransfer", docker.programs.file_transfer, transfers);
  note_guest_agent_keys(section);
}

void read_timeout(Section& section, std::string_view key, Duration& value) {
  if (section.read_duration(key, value) && value < 100ms) section.error(key, "must be at least 100ms");
}

void read_timeouts(Section& section, Docker& docker) {
  read_timeout(section, "containerStart", docker.container_start);
  read_timeout(section, "containerStop", docker.container_stop);
  read_timeout(section, "http", docker.http);
  // Starting programs, signals and window changes are messages to the agent here, no calls of the engine.
  Duration unused{};
  for (const std::string_view key : {"commandStart", "signal", "window"}) section.read_duration(key, unused);
}

}  // namespace

void read_docker(Section& section, Docker& docker) {
  Section connection = section.section("connection");
  read_connection(connection, docker);
  Section execution = section.section("execution");
  read_execution(execution, docker);
  Section timeouts = section.section("timeouts");
  read_timeouts(timeouts, docker);
  Section limits = section.section("limits");
  read_limits(limits, docker.limits);
}

void check_docker(Section& section, const Docker& docker) {
  const boost::json::value* image = docker.container.if_contains("Image");
  if (image == nullptr || !image->is_string() || image->get_string().empty())
    section.error("execution.container.image", "no image name provided");
}

}  // namespace fairlead::config
