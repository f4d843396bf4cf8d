// SPDX-License-Identifier: Apache-2.0
// Section `kubernetes` (core.md section 4.1).
#include "config/sections.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>

namespace fairlead::config {
namespace {

namespace json = boost::json;

void describe_connection(Visitor& section, Kubernetes& kubernetes, bool chosen) {
  section.field("host", kubernetes.host);
  section.field("path", kubernetes.path);
  section.field("username", kubernetes.username);
  section.secret("password", kubernetes.password);
  section.field("serverName", kubernetes.server_name);
  section.field("certFile", kubernetes.cert_file);
  section.field("keyFile", kubernetes.key_file);
  section.field("cacertFile", kubernetes.cacert_file);
  section.pem("cert", kubernetes.cert);
  section.pem("key", kubernetes.key);
  section.pem("cacert", kubernetes.cacert);
  section.secret("bearerToken", kubernetes.bearer_token);
  section.field("bearerTokenFile", kubernetes.bearer_token_file);
  section.field("qps", kubernetes.qps);
  section.field("burst", kubernetes.burst);
  if (!chosen) return;
  if (kubernetes.host.empty()) section.error("host", "no host specified");
  if (kubernetes.path.empty()) section.error("path", "no API path specified");
  if (const std::string& file = kubernetes.bearer_token_file; !file.empty())
    check_file(section, "bearerTokenFile", file);
}

bool is_text(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() && !value->get_string().empty();
}

// ContainerSSH decodes into its default list: the first container keeps what it is not given.
void complete_first_container(json::object& spec, const json::object& defaults) {
  json::value* containers = spec.if_contains("containers");
  if (containers == nullptr || !containers->is_array() || containers->get_array().empty()) return;
  json::value& first = containers->get_array().front();
  if (!first.is_object()) return;
  for (const auto& member : defaults.at("containers").at(0).get_object())
    if (!first.get_object().contains(member.key())) first.get_object()[member.key()] = member.value();
}

void check_containers(Visitor& section, const Kubernetes& kubernetes) {
  const json::value* containers = kubernetes.spec.if_contains("containers");
  if (containers == nullptr || !containers->is_array() || containers->get_array().empty())
    return section.error("spec.containers", "at least one container is needed");
  const json::array& list = containers->get_array();
  for (std::size_t i = 0; i < list.size(); ++i)
    if (!list[i].is_object() || !is_text(list[i].get_object(), "image"))
      section.error(fmt::format("spec.{}.image", i), "no image name provided");
  if (kubernetes.console_container >= list.size())
    section.error("consoleContainerNumber", "there is no such container");
}

void check_pod(Visitor& section, const Kubernetes& kubernetes) {
  if (!is_text(kubernetes.metadata, "namespace"))
    section.error("metadata.namespace", "no namespace specified");
  check_containers(section, kubernetes);
  const bool idles =
      kubernetes.mode == "connection" || (kubernetes.mode == "persistent" && kubernetes.create_missing_pods);
  if (kubernetes.create_missing_pods && kubernetes.mode != "persistent")
    section.error("createMissingPods", "is for mode persistent");
  if (!kubernetes.disable_agent && kubernetes.agent_path.empty())
    section.error("agentPath", "must name the agent in the container");
  if (idles && kubernetes.idle_command.empty()) section.error("idleCommand", "must be given in this mode");
  if ((idles || (kubernetes.mode == "session" && !kubernetes.disable_agent)) &&
      kubernetes.shell_command.empty())
    section.error("shellCommand", "must be given in this mode");
  const json::value* policy = kubernetes.spec.if_contains("restartPolicy");
  if (kubernetes.mode == "session" && policy != nullptr && *policy != "Never" && *policy != "")
    section.error("spec.restartPolicy", "must be empty or Never in mode session");
}

void describe_pod(Visitor& section, Kubernetes& kubernetes, bool chosen) {
  section.object("metadata", kubernetes.metadata);
  const json::object defaults = kubernetes.spec;
  if (section.object("spec", kubernetes.spec)) complete_first_container(kubernetes.spec, defaults);
  section.field("consoleContainerNumber", kubernetes.console_container);
  section.field("idleCommand", kubernetes.idle_command);
  section.field("shellCommand", kubernetes.shell_command);
  section.field("agentPath", kubernetes.agent_path);
  section.field("disableAgent", kubernetes.disable_agent);
  // What a file says is added to the default.
  auto subsystems = kubernetes.subsystems;
  if (section.field("subsystems", subsystems)) {
    subsystems.merge(kubernetes.subsystems);
    kubernetes.subsystems = std::move(subsystems);
  }
  constexpr std::array<std::string_view, 3> modes{"connection", "session", "persistent"};
  section.choice("mode", kubernetes.mode, {modes});
  section.field("createMissingPods", kubernetes.create_missing_pods);
  section.field("exposeAuthMetadataAsEnv", kubernetes.expose_as_env);
  section.field("exposeAuthMetadataAsLabels", kubernetes.expose_as_labels);
  section.field("exposeAuthMetadataAsAnnotations", kubernetes.expose_as_annotations);
  if (chosen) check_pod(section, kubernetes);
}

void describe_timeouts(Visitor& section, Kubernetes& kubernetes) {
  section.field("podStart", kubernetes.pod_start);
  section.field("podStop", kubernetes.pod_stop);
  section.field("commandStart", kubernetes.command_start);
  section.field("signal", kubernetes.signal);
  section.field("window", kubernetes.window);
  section.field("http", kubernetes.http);
}

}  // namespace

void describe(Visitor& section, Kubernetes& kubernetes, bool chosen) {
  section.section("connection", [&](Visitor& own) { describe_connection(own, kubernetes, chosen); });
  section.section("pod", [&](Visitor& own) { describe_pod(own, kubernetes, chosen); });
  section.section("timeouts", [&](Visitor& own) { describe_timeouts(own, kubernetes); });
}

}  // namespace fairlead::config
