// SPDX-License-Identifier: Apache-2.0
// Builds the body of a container's creation.
#include "backend/docker/container_spec.hpp"

#include "backend/docker/limits.hpp"
#include "http/json.hpp"
#include "link/agent_link.hpp"

#include <boost/json/array.hpp>

#include <cmath>
#include <initializer_list>

namespace fairlead::docker {
namespace {

namespace json = boost::json;

bool sets_any(const json::object& object, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (object.contains(name)) return true;
  return false;
}

json::object& object_at(json::object& parent, std::string_view name) {
  auto& value = parent[name];
  return value.is_object() ? value.get_object() : value.emplace_object();
}

json::array& array_at(json::object& parent, std::string_view name) {
  auto& value = parent[name];
  return value.is_array() ? value.get_array() : value.emplace_array();
}

void set_labels(json::object& body, const backend::Login& login, const BoxIdentity& identity, LinkKind kind) {
  auto& labels = object_at(body, "Labels");
  // By these we know our boxes again, and find leftovers: nobody else sets them.
  for (auto label = labels.begin(); label != labels.end();)
    label = label->key().starts_with("fairlead_") ? labels.erase(label) : std::next(label);
  labels[instance_label] = identity.instance;
  labels[owner_label] = identity.owner;
  if (identity.home) {
    labels[home_label] = identity.home->user;
    labels[link_label] = kind == LinkKind::socket ? "socket" : "attach";
    if (!identity.home->user.empty()) labels[user_label] = identity.home->user;
    return;
  }
  labels[box_label] = identity.box;
  if (!identity.pool.empty()) {
    labels[pool_label] = identity.pool;
    return;
  }
  for (const auto& [name, label] : login.config->docker.metadata_labels)
    if (const auto entry = login.metadata.metadata.find(name); entry != login.metadata.metadata.end())
      labels[label] = entry->second.value;
  labels[connection_label] = login.connection_id;
  labels[address_label] = login.remote_address;
  labels[user_label] = login.user;
}

void set_streams(json::object& body, bool attached) {
  for (const auto* key : {"OpenStdin", "StdinOnce", "AttachStdin", "AttachStdout", "AttachStderr"})
    body[key] = attached;
}

// The image's health check would run in every box for nobody.
void set_no_health_check(json::object& body) {
  if (!body.contains("Healthcheck")) body["Healthcheck"] = {{"Test", json::array{"NONE"}}};
}

// The operator's variables, then the program's.
void set_bare_process(json::object& body, json::object& host, const NewExec& process) {
  body["Cmd"] = json::array(process.command.begin(), process.command.end());
  body["Tty"] = process.terminal.has_value();
  set_streams(body, process.input);
  auto& environment = array_at(body, "Env");
  for (const auto& variable : process.environment) environment.push_back(json::value(variable));
  if (process.terminal) host["ConsoleSize"] = json::array{process.terminal->rows, process.terminal->columns};
  set_no_health_check(body);
}

json::array first_process(LinkKind kind, bool stays) {
  if (stays) return {link::agent_path, link::idle_command};
  if (kind == LinkKind::attach) return {link::agent_path, "serve", "--stdio"};
  return {link::agent_path, "serve", "--socket", link::socket_path};
}

// The agent is the first process, whatever the image starts.
void set_process(json::object& body, const config::Docker& docker, LinkKind kind, bool stays) {
  const bool attached = kind == LinkKind::attach && !stays;
  body["Entrypoint"] = first_process(kind, stays);
  body["Cmd"] = json::array();
  body["Tty"] = false;
  set_streams(body, attached);
  set_no_health_check(body);
  // To run programs as somebody, the agent itself must be root; an operator who set both knows why.
  if (!docker.programs.user.empty() && !body.contains("User")) body["User"] = "0:0";
}

void set_limits(json::object& host, const config::Limits& limits) {
  if (!sets_any(host, {"PidsLimit"}))
    host["PidsLimit"] = limits.pids ? static_cast<std::int64_t>(*limits.pids) : limits::processes;
  if (limits.memory && !sets_any(host, {"Memory", "MemorySwap"})) {
    host["Memory"] = *limits.memory;
    host["MemorySwap"] = *limits.memory;  // memory and swap together: no swap
  }
  // A quota and not NanoCpus: that one is refused where it exceeds the machine's processors.
  if (limits.cpus && !sets_any(host, {"NanoCpus", "CpuPeriod", "CpuQuota", "CpuCount", "CpuPercent"})) {
    host["CpuPeriod"] = limits::cpu_period;
    host["CpuQuota"] = static_cast<std::int64_t>(std::llround(*limits.cpus * limits::cpu_period));
  }
}

void set_disk_limit(json::object& body, json::object& host, std::uint64_t most, DiskLimit how) {
  if (sets_any(host, {"StorageOpt"})) return;
  if (how == DiskLimit::quota)
    host["StorageOpt"] = {{"size", std::to_string(most)}};
  else
    object_at(body, "Labels")[disk_label] = std::to_string(most);
}

void set_privileges(json::object& host) {
  if (http::true_member(host, "Privileged")) return;
  auto& options = array_at(host, "SecurityOpt");
  bool decided = false;
  for (const auto& option : options)
    decided |= option.is_string() && std::string_view(option.get_string()).starts_with("no-new-privileges");
  if (!decided) options.push_back("no-new-privileges");
  if (sets_any(host, {"CapAdd", "CapDrop"})) return;
  // Of the engine's own set, what nobody needs who manages files and processes and becomes another user: raw
  // sockets, device nodes, file capabilities, the audit log. Not "all but": what is added to a container is,
  // with Podman, also in the hands of users who are not root.
  host["CapDrop"] = json::array{"NET_RAW", "MKNOD", "SETFCAP", "SETPCAP", "AUDIT_WRITE"};
}

void mount_agent(json::object& host, const BoxIdentity& identity, LinkKind kind) {
  json::object mount{{"Target", link::directory}};
  if (kind == LinkKind::socket) {
    // A mount and not a "bind": the engine then refuses a directory that it does not have instead of making
    // one.
    mount["Type"] = "bind";
    mount["Source"] = identity.directory;
    mount["ReadOnly"] = true;
  } else if (http::true_member(host, "ReadonlyRootfs")) {
    mount["Type"] = "volume";  // anonymous: the only place where an upload may go; removed with the container
  } else {
    return;
  }
  array_at(host, "Mounts").push_back(std::move(mount));
}

std::string platform_text(const json::object& platform) {
  std::string text;
  for (const auto* part : {"os", "architecture", "variant"}) {
    const auto value = http::string_member(platform, part);
    if (value.empty()) continue;
    if (!text.empty()) text += '/';
    text += value;
  }
  return text;
}

}  // namespace

NewContainer make_container(const backend::Login& login, const BoxIdentity& identity, LinkKind kind) {
  const auto& docker = login.config->docker;
  NewContainer container;
  container.name = identity.home                   ? identity.home->container
                   : docker.container_name.empty() ? "fairlead-" + identity.box
                                                   : docker.container_name;
  container.platform = platform_text(docker.platform);
  container.body = docker.container;
  json::object host = docker.host_config;
  if (identity.bare)
    set_bare_process(container.body, host, *identity.bare);
  else
    set_process(container.body, docker, kind, identity.home.has_value());
  set_labels(container.body, login, identity, kind);
  set_limits(host, docker.limits);
  if (docker.limits.disk) set_disk_limit(container.body, host, *docker.limits.disk, identity.disk_limit);
  set_privileges(host);
  if (!identity.bare) mount_agent(host, identity, kind);
  // What the agent says on standard error is of no use in the engine's files.
  if (!host.contains("LogConfig")) host["LogConfig"] = {{"Type", "none"}};
  // A box never comes back to life by itself, and stays until its end was looked at.
  host["RestartPolicy"] = {{"Name", "no"}};
  host["AutoRemove"] = false;
  container.body["HostConfig"] = std::move(host);
  if (!docker.network_config.empty()) container.body["NetworkingConfig"] = docker.network_config;
  return container;
}

}  // namespace fairlead::docker
