// SPDX-License-Identifier: Apache-2.0
// A list of what harms nobody, by path; and where mounts come from.
#include "config/answer_rules.hpp"

#include "config/section.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {
namespace {

// Keys, in lower case, that concern nothing but what runs in the user's own box, its share of the machine and
// its time: the mapping itself with all below it. Not in it, with intent: everything that reaches out of the
// box, takes protection away (a list replaces the engine's own, also one that is meant to add), names other
// people's things or a file of this machine.
constexpr std::array harmless{
    "backend",
    "log",
    "quota",
    "security",
    "docker.limits",
    "docker.pool",
    "docker.timeouts",
    "docker.execution.agentlink",
    "docker.execution.agentpath",
    "docker.execution.auth",
    "docker.execution.createmissingcontainers",
    "docker.execution.disableagent",
    "docker.execution.environment",
    "docker.execution.exposeauthmetadataasenv",
    "docker.execution.exposeauthmetadataaslabels",
    "docker.execution.idlecommand",
    "docker.execution.imagepullpolicy",
    "docker.execution.mode",
    "docker.execution.platform",
    "docker.execution.shellcommand",
    "docker.execution.stopafteridle",
    "docker.execution.subsystems",
    "docker.execution.user",
    "docker.execution.workingdirectory",
    "docker.execution.container.argsescaped",
    "docker.execution.container.attachstderr",
    "docker.execution.container.attachstdin",
    "docker.execution.container.attachstdout",
    "docker.execution.container.cmd",
    "docker.execution.container.domainname",
    "docker.execution.container.entrypoint",
    "docker.execution.container.env",
    "docker.execution.container.exposedports",
    "docker.execution.container.healthcheck",
    "docker.execution.container.hostname",
    "docker.execution.container.image",
    "docker.execution.container.labels",
    "docker.execution.container.networkdisabled",
    "docker.execution.container.onbuild",
    "docker.execution.container.openstdin",
    "docker.execution.container.shell",
    "docker.execution.container.stdinonce",
    "docker.execution.container.stopsignal",
    "docker.execution.container.stoptimeout",
    "docker.execution.container.tty",
    "docker.execution.container.user",
    "docker.execution.container.volumes",
    "docker.execution.container.workingdir",
    "docker.execution.host.autoremove",
    "docker.execution.host.blkioweight",
    "docker.execution.host.consolesize",
    "docker.execution.host.cpucount",
    "docker.execution.host.cpupercent",
    "docker.execution.host.cpuperiod",
    "docker.execution.host.cpuquota",
    "docker.execution.host.cpusetcpus",
    "docker.execution.host.cpusetmems",
    "docker.execution.host.cpushares",
    "docker.execution.host.dns",
    "docker.execution.host.dnsoptions",
    "docker.execution.host.dnssearch",
    "docker.execution.host.extrahosts",
    "docker.execution.host.init",
    "docker.execution.host.kernelmemory",
    "docker.execution.host.kernelmemorytcp",
    "docker.execution.host.memory",
    "docker.execution.host.memoryreservation",
    "docker.execution.host.memoryswap",
    "docker.execution.host.memoryswappiness",
    "docker.execution.host.nanocpus",
    "docker.execution.host.pidslimit",
    "docker.execution.host.readonlyrootfs",
    "docker.execution.host.restartpolicy",
    "docker.execution.host.shmsize",
    "oci.environment",
    "oci.exposeauthmetadataasenv",
    "oci.hostname",
    "oci.limits",
    "oci.pool",
    "oci.readonlyroot",
    "oci.shellcommand",
    "oci.starttimeout",
    "oci.subsystems",
    "oci.user",
    "oci.workingdirectory",
};

// Where the sockets of engines are by custom; the file's own is added.
constexpr std::array usual_sockets{"/run/docker.sock", "/run/podman/podman.sock",
                                   "/run/containerd/containerd.sock", "/run/crio/crio.sock"};

std::string in_lower_case(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return result;
}

// "docker.execution.host" is above itself and "docker.execution.host.binds", not above
// "docker.execution.hosts".
bool is_above(std::string_view upper, std::string_view path, char separator) {
  return path.starts_with(upper) &&
         (path.size() == upper.size() || upper.ends_with(separator) || path[upper.size()] == separator);
}

// Without dots and doubled slashes; /var/run is /run on every system that has engines.
std::string plain_path(const std::string& path) {
  std::string plain = std::filesystem::path(path).lexically_normal().string();
  while (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  if (plain.starts_with("//")) plain.erase(0, 1);
  if (is_above("/var/run", plain, '/')) plain.erase(0, 4);
  return plain;
}

class Rules {
 public:
  Rules(Findings& findings, const Config& file) : findings_(findings), rules_(file.config_server.answers) {
    for (const std::string& key : rules_.allow) allowed_.push_back(in_lower_case(key));
    for (const std::string& directory : rules_.allow_mounts) mounts_.push_back(plain_path(directory));
    for (const char* socket : usual_sockets) sockets_.emplace_back(socket);
    constexpr std::string_view scheme = "unix://";
    if (file.docker.host.starts_with(scheme))
      sockets_.push_back(plain_path(file.docker.host.substr(scheme.size())));
  }

  void check(const std::string& path, const Node& node) {
    if (is_all_zero(node)) return;
    const auto list = std::ranges::find(mount_lists, path, &MountList::key);
    if (list != mount_lists.end()) return each(path, node, list->check);
    const bool further = leads_to_mounts(path) || (!is_settled(path) && leads_on(path));
    if (further && node.kind == Node::Kind::map) return check_members(path, node);
    if (is_settled(path)) return;
    refuse(path, "answers may not set this");
  }

  void check_members(const std::string& path, const Node& node) {
    for (const auto& [name, value] : node.members) {
      // ContainerSSH's YAML layout: limits in a mapping of their own (docker_structures.hpp).
      const bool resources = path == "docker.execution.host" && equal_ignoring_case(name, "resources");
      if (resources && value.kind == Node::Kind::map)
        check_members(path, value);
      else
        check(path.empty() ? in_lower_case(name) : path + "." + in_lower_case(name), value);
    }
  }

 private:
  using Check = void (Rules::*)(const std::string& path, const Node& node);
  struct MountList {
    std::string_view key;
    Check check;
  };

  template <class List>
  static bool is_in(const List& list, std::string_view path) {
    return std::ranges::any_of(list, [&](std::string_view key) { return is_above(key, path, '.'); });
  }
  // Whatever the path's value is: it may be set.
  [[nodiscard]] bool is_settled(std::string_view path) const {
    return !rules_.restrict || is_allowed(path) || is_in(harmless, path);
  }
  [[nodiscard]] bool is_allowed(std::string_view path) const { return is_in(allowed_, path); }
  // Something below it may be set; what may not is found there.
  [[nodiscard]] bool leads_on(const std::string& path) const {
    const auto below = [&](std::string_view key) { return is_above(path, key, '.'); };
    return std::ranges::any_of(harmless, below) || std::ranges::any_of(allowed_, below);
  }

  // Mounts are looked at whatever else is allowed.
  [[nodiscard]] static bool leads_to_mounts(std::string_view path) {
    return std::ranges::any_of(mount_lists,
                               [&](const MountList& list) { return is_above(path, list.key, '.'); });
  }

  void refuse(const std::string& path, const std::string& reason) {
    findings_.error(0, path, reason + " (configserver.answers)");
  }

  void each(const std::string& path, const Node& list, Check check) {
    if (list.kind != Node::Kind::list) return;  // told where it is read
    for (const Node& item : list.items) (this->*check)(path, item);
  }

  // "source:target:options"
  void check_bind(const std::string& path, const Node& bind) {
    if (bind.kind == Node::Kind::scalar) check_source(path, bind.text.substr(0, bind.text.find(':')));
  }

  void check_mount(const std::string& path, const Node& mount) {
    if (mount.kind != Node::Kind::map) return;
    std::string source;
    bool more = false;  // than a type, a source and a target: a volume's driver can mount anything
    bool bind = false;
    for (const auto& [name, value] : mount.members) {
      const std::string key = in_lower_case(name);
      if (key == "source") source = value.text;
      if (key == "type") bind = equal_ignoring_case(value.text, "bind");
      if (key == "volumeoptions" && !is_all_zero(value)) {
        more = true;
        check_devices(path, value);
      }
    }
    if (bind || source.starts_with('/')) check_source(path, source);
    if ((!bind || more) && rules_.restrict && !is_allowed(path))
      refuse(path, "only directories of allowMounts may be mounted");
  }

  // Whatever text below is an absolute path may be what a driver is told to mount.
  void check_devices(const std::string& path, const Node& node) {
    if (node.kind == Node::Kind::scalar && node.text.starts_with('/')) check_source(path, node.text);
    for (const Node& item : node.items) check_devices(path, item);
    for (const auto& [name, value] : node.members) check_devices(path, value);
  }

  void check_source(const std::string& path, const std::string& source) {
    const bool absolute = source.starts_with('/');
    const std::string plain = absolute ? plain_path(source) : source;
    const auto above_it = [&](const std::string& directory) { return is_above(directory, plain, '/'); };
    if (absolute && std::ranges::find(mounts_, plain) != mounts_.end()) return;
    if (absolute &&
        std::ranges::any_of(sockets_, [&](const auto& socket) { return is_above(plain, socket, '/'); }))
      return refuse(path,
                    fmt::format("answers may not mount {}, which gives the whole machine away", source));
    if (!rules_.restrict || is_allowed(path)) return;
    if (!absolute || std::ranges::none_of(mounts_, above_it))
      refuse(path, fmt::format("answers may not mount \"{}\": it is in no directory of allowMounts", source));
  }

  static const std::array<MountList, 3> mount_lists;

  Findings& findings_;
  const AnswerRules& rules_;
  std::vector<std::string> allowed_, mounts_, sockets_;
};

const std::array<Rules::MountList, 3> Rules::mount_lists{
    {{"docker.execution.host.binds", &Rules::check_bind},
     {"docker.execution.host.mounts", &Rules::check_mount},
     {"oci.mounts", &Rules::check_bind}}};

}  // namespace

void check_answer(Findings& findings, const Node& answer, const Config& file) {
  if (answer.kind == Node::Kind::map) Rules(findings, file).check_members("", answer);
}

}  // namespace fairlead::config
