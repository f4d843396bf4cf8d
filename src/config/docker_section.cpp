// SPDX-License-Identifier: Apache-2.0
// Section `docker` (core.md section 3.1).
#include "config/sections.hpp"

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

constexpr std::string_view guest_agent = "/usr/bin/containerssh-agent";

void describe_host(Visitor& section, std::string& host) {
  if (!section.field("host", host)) return;
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

void describe_connection(Visitor& section, Docker& docker) {
  describe_host(section, docker.host);
  section.pem("cacert", docker.cacert);
  section.pem("cert", docker.cert);
  section.pem("key", docker.key);
  const int given = !docker.cacert.empty() + !docker.cert.empty() + !docker.key.empty();
  // ContainerSSH then goes on without TLS (W3.15).
  if (given != 0 && given != 3)
    section.error(docker.cacert.empty() ? "cacert"
                  : docker.cert.empty() ? "cert"
                                        : "key",
                  "TLS needs all three of cacert, cert and key");
}

// Keys that steer the agent which ContainerSSH expects in the image. Ours is brought along (design D6),
// unless it is switched off or the image's is asked for.
void describe_guest_agent(Visitor& section, Docker& docker) {
  const bool ours = !docker.agentless();
  if (section.field("idleCommand", docker.idle_command) && ours &&
      (docker.idle_command.empty() || docker.idle_command.front() != guest_agent))
    section.warning("idleCommand", "has no effect: the container's first process is Fairlead's agent");
  if (section.field("agentPath", docker.guest_agent) && ours && docker.guest_agent != guest_agent)
    section.warning("agentPath", "has no effect: Fairlead brings its own agent into the container");
}

void describe_registry(Visitor& section, RegistryAuth& auth) {
  section.lenient_in_json();
  section.field("username", auth.username);
  section.secret("password", auth.password);
  section.secret("auth", auth.auth);
  section.field("serveraddress", auth.server_address);
  section.secret("identitytoken", auth.identity_token);
  section.secret("registrytoken", auth.registry_token);
}

bool restarts(const boost::json::object& host_config) {
  const boost::json::value* policy = host_config.if_contains("RestartPolicy");
  const boost::json::value* name =
      policy != nullptr && policy->is_object() ? policy->get_object().if_contains("Name") : nullptr;
  return name != nullptr && name->is_string() && !name->get_string().empty() && name->get_string() != "no";
}

void describe_mode(Visitor& section, Docker& docker) {
  constexpr std::array<std::string_view, 3> modes{"connection", "session", "persistent"};
  section.choice("mode", docker.mode, {modes});
  if (docker.mode == "session" && restarts(docker.host_config))
    section.error("host.restartPolicy", "a container of mode session runs once: no, or nothing");
  // The defaults are in every dump, and nobody's mistake.
  const bool stays = docker.mode == "persistent";
  const Docker usual;
  if (section.field("createMissingContainers", docker.create_missing) && !stays &&
      docker.create_missing != usual.create_missing)
    section.warning("createMissingContainers", "has no effect: it is for mode persistent");
  if (section.field("stopAfterIdle", docker.stop_after_idle) && !stays &&
      docker.stop_after_idle != usual.stop_after_idle)
    section.warning("stopAfterIdle", "has no effect: it is for mode persistent");
  if (!stays && docker.container_name.find("{username}") != std::string::npos)
    section.error("containername", "{username} is for mode persistent");
}

void check_agentless(Visitor& section, const Docker& docker) {
  if (!docker.agentless()) return;
  if (!docker.disable_agent && docker.guest_agent.empty())
    section.error("agentPath", "agentLink: image needs it");
  if (docker.mode != "session" && docker.idle_command.empty())
    section.error("idleCommand", "without Fairlead's agent this is the container's first process");
}

void describe_execution(Visitor& section, Docker& docker) {
  section.structure("container", docker.container, DockerStructure::container);
  section.structure("host", docker.host_config, DockerStructure::host);
  section.structure("network", docker.network_config, DockerStructure::network);
  section.structure("platform", docker.platform, DockerStructure::platform);
  section.alias("containername", "containerName");  // the manual's
  section.field("containername", docker.container_name);
  section.section("auth", [&](Visitor& own) { describe_registry(own, docker.registry_auth); });
  describe_mode(section, docker);
  section.field("disableAgent", docker.disable_agent);
  constexpr std::array<std::string_view, 4> links{"auto", "socket", "attach", "image"};
  section.choice("agentLink", docker.agent_link, {links});
  describe_guest_agent(section, docker);
  describe_shared(section, docker.programs);
  check_agentless(section, docker);
  constexpr std::array<std::string_view, 3> policies{"Always", "IfNotPresent", "Never"};
  section.choice("imagePullPolicy", docker.image_pull_policy, {policies});
  section.field("exposeAuthMetadataAsLabels", docker.metadata_labels);
}

void describe_timeouts(Visitor& section, Docker& docker) {
  section.lenient_in_json();
  describe_timeout(section, "containerStart", docker.container_start);
  describe_timeout(section, "containerStop", docker.container_stop);
  describe_timeout(section, "commandStart", docker.command_start);
  describe_timeout(section, "signal", docker.signal);
  describe_timeout(section, "window", docker.window);
  describe_timeout(section, "http", docker.http);
}

void describe_pool(Visitor& section, Docker& docker) {
  describe(section, docker.pool);
  const char* const obstacle = docker.pool.size > 0 ? pool_obstacle(docker) : nullptr;
  if (section.has("size") && obstacle != nullptr)
    section.warning("size", std::string("has no effect: ") + obstacle);
}

// One limit is said in one way: the engine's own key wins, and who wrote both is told.
void check_limits(Visitor& docker, const Visitor& limits, const boost::json::object& host) {
  struct Raw {
    std::string_view limit, key;
  };
  constexpr std::array<Raw, 9> raw{{{"memory", "Memory"},
                                    {"memory", "MemorySwap"},
                                    {"cpus", "NanoCpus"},
                                    {"cpus", "CpuPeriod"},
                                    {"cpus", "CpuQuota"},
                                    {"cpus", "CpuCount"},
                                    {"cpus", "CpuPercent"},
                                    {"pids", "PidsLimit"},
                                    {"disk", "StorageOpt"}}};
  for (const auto& [limit, key] : raw)
    if (limits.has(limit) && host.contains(key))
      docker.warning("limits." + std::string(limit),
                     "has no effect: execution.host gives " + std::string(key) + ", which wins");
}

bool has_image(const Docker& docker) {
  const boost::json::value* image = docker.container.if_contains("Image");
  return image != nullptr && image->is_string() && !image->get_string().empty();
}

}  // namespace

void describe(Visitor& section, Docker& docker, bool chosen) {
  section.section("connection", [&](Visitor& own) { describe_connection(own, docker); });
  section.section("execution", [&](Visitor& own) { describe_execution(own, docker); });
  section.section("timeouts", [&](Visitor& own) { describe_timeouts(own, docker); });
  section.section("limits", [&](Visitor& own) {
    describe(own, docker.limits);
    check_limits(section, own, docker.host_config);
  });
  section.section("pool", [&](Visitor& own) { describe_pool(own, docker); });
  if (chosen && !has_image(docker)) section.error("execution.container.image", "no image name provided");
}

}  // namespace fairlead::config
