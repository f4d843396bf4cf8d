// SPDX-License-Identifier: Apache-2.0
// Sections `oci.pool` and `docker.pool`.
#include "config/sections.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace fairlead::config {
namespace {

using boost::json::value;

bool is_filled_object(const value* found) {
  return found != nullptr && found->is_object() && !found->get_object().empty();
}

// One container at a time has it: a box that waits would keep it from a login that starts cold.
bool has_address_of_its_own(const Docker& docker) {
  if (is_filled_object(docker.host_config.if_contains("PortBindings"))) return true;
  if (docker.container.contains("MacAddress")) return true;
  const value* endpoints = docker.network_config.if_contains("EndpointsConfig");
  if (!is_filled_object(endpoints)) return false;
  return std::ranges::any_of(endpoints->get_object(), [](const auto& endpoint) {
    const boost::json::object* settings = endpoint.value().if_object();
    return settings != nullptr &&
           (is_filled_object(settings->if_contains("IPAMConfig")) || settings->contains("MacAddress"));
  });
}

}  // namespace

const char* pool_obstacle(const Docker& docker) {
  if (docker.mode == "persistent") return "a box of mode persistent is its user's own";
  if (docker.agentless()) return "without the agent a box is made around its program";
  if (!docker.container_name.empty()) return "only one container can have a fixed name";
  if (!docker.metadata_labels.empty())
    return "exposeAuthMetadataAsLabels needs the login when the container is made";
  if (has_address_of_its_own(docker)) return "only one container can have a fixed address or port";
  return nullptr;
}

void describe(Visitor& section, Pool& pool) {
  using namespace std::chrono_literals;
  if (section.field("size", pool.size) && pool.size > most_waiting_boxes)
    section.error("size", fmt::format("must be at most {}", most_waiting_boxes));
  if (section.field("maxIdle", pool.max_idle) && pool.max_idle < 1s)
    section.error("maxIdle", "must be at least 1 second");
  if (section.field("maxAge", pool.max_age) && pool.max_age < 1s)
    section.error("maxAge", "must be at least 1 second");
}

}  // namespace fairlead::config
