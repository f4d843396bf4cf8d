// SPDX-License-Identifier: Apache-2.0
// Writes the runtime's config.json.
#include "backend/oci/runtime_config.hpp"

#include "backend/oci/failure.hpp"
#include "backend/oci/limits.hpp"
#include "backend/oci/seccomp.hpp"
#include "link/agent_link.hpp"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <cmath>

namespace fairlead::backend::oci {

namespace {

namespace json = boost::json;

// What root in a box needs to be root of its box: ownership, changing users, low ports, signals, chroot. Not
// SYS_ADMIN, SYS_PTRACE, MKNOD, NET_ADMIN, NET_RAW, SETFCAP, DAC_READ_SEARCH, …
constexpr const char* capabilities[] = {
    "CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",  "CAP_FSETID",           "CAP_KILL",
    "CAP_SETGID", "CAP_SETUID",       "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT"};

constexpr const char* masked_paths[] = {
    "/proc/acpi",         "/proc/asound",     "/proc/interrupts",    "/proc/kcore",
    "/proc/keys",         "/proc/key-users",  "/proc/latency_stats", "/proc/sched_debug",
    "/proc/scsi",         "/proc/timer_list", "/proc/timer_stats",   "/sys/devices/virtual/powercap",
    "/sys/firmware",      "/sys/fs/bpf",      "/sys/kernel/debug",   "/sys/kernel/security",
    "/sys/kernel/tracing"};
constexpr const char* readonly_paths[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                          "/proc/sysrq-trigger"};

template <std::size_t count>
json::array list(const char* const (&texts)[count]) {
  json::array result;
  result.reserve(count);
  for (const char* text : texts) result.emplace_back(text);
  return result;
}

json::object mount(std::string_view target, std::string_view type, std::string_view source,
                   std::initializer_list<json::value_ref> options) {
  return {{"destination", target}, {"type", type}, {"source", source}, {"options", json::array(options)}};
}

json::object bind_read_only(const std::filesystem::path& source, std::string_view target) {
  // nosuid and nodev always: in a user namespace a source's own flags are locked and must be named again.
  return mount(target, "bind", source.native(), {"bind", "ro", "nosuid", "nodev"});
}

json::object rlimit(const char* type, std::uint64_t soft, std::uint64_t hard) {
  return {{"type", type}, {"soft", soft}, {"hard", hard}};
}

json::array rlimits(const BoxSpec& spec) {
  // Raising a hard limit needs CAP_SYS_RESOURCE, which not even root has everywhere.
  rlimit64 own{};
  ::getrlimit64(RLIMIT_NOFILE, &own);
  const std::uint64_t files = std::min<std::uint64_t>(limits::open_files_hard, own.rlim_max);
  json::array result{rlimit("RLIMIT_NOFILE", std::min(limits::open_files_soft, files), files),
                     rlimit("RLIMIT_CORE", 0, 0)};
  // Second best where there are no cgroups: counted per user id of the box's own user namespace (Linux 5.14).
  if (!spec.abilities.limits && spec.oci.limits.pids && spec.ids.namespaced)
    result.push_back(rlimit("RLIMIT_NPROC", *spec.oci.limits.pids, *spec.oci.limits.pids));
  return result;
}

json::object process(const BoxSpec& spec) {
  json::array arguments;
  for (const auto& argument : spec.arguments) arguments.emplace_back(argument);
  json::object set;
  for (const char* kind : {"bounding", "effective", "permitted"}) set[kind] = list(capabilities);
  return {{"terminal", false},
          {"user", {{"uid", 0}, {"gid", 0}}},
          {"args", std::move(arguments)},
          // The agent's own; what programs see comes with the setup request.
          {"env", {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}},
          {"cwd", "/"},
          {"capabilities", std::move(set)},
          {"rlimits", rlimits(spec)},
          {"oomScoreAdj", 200},  // before the host's own services
          {"noNewPrivileges", true}};
}

json::array mounts(const BoxSpec& spec) {
  json::array result{
      mount("/proc", "proc", "proc", {"nosuid", "noexec", "nodev"}),
      mount("/dev", "tmpfs", "tmpfs", {"nosuid", "strictatime", "mode=755", "size=1024k"}),
      mount("/dev/shm", "tmpfs", "shm",
            {"nosuid", "noexec", "nodev", "mode=1777", "size=" + std::to_string(limits::shared_memory)}),
      mount("/dev/mqueue", "mqueue", "mqueue", {"nosuid", "noexec", "nodev"}),
  };
  json::object terminals = mount("/dev/pts", "devpts", "devpts",
                                 {"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"});
  constexpr std::uint32_t tty_group = 5;
  if (!spec.ids.namespaced || spec.ids.count > tty_group)
    terminals["options"].as_array().emplace_back("gid=5");
  result.push_back(std::move(terminals));
  // Another network namespace's sysfs may not be mounted in our user namespace, and the host's is none of a
  // box's business.
  if (spec.oci.network != "host") {
    result.push_back(mount("/sys", "sysfs", "sysfs", {"nosuid", "noexec", "nodev", "ro"}));
    if (spec.abilities.cgroup_mount && spec.abilities.cgroup_namespace)
      result.push_back(
          mount("/sys/fs/cgroup", "cgroup", "cgroup", {"nosuid", "noexec", "nodev", "relatime", "ro"}));
  }
  for (const auto& text : spec.oci.mounts) result.push_back(parse_mount(text));
  for (const char* name : {"resolv.conf", "hosts", "hostname"})
    result.push_back(bind_read_only(spec.files / name, std::string("/etc/") + name));
  result.push_back(bind_read_only(spec.agent, link::agent_path));  // last: nothing is mounted over it
  return result;
}

json::object resources(const BoxSpec& spec) {
  json::object result{{"devices", {{{"allow", false}, {"access", "rwm"}}}}};
  if (!spec.abilities.limits) return result;
  const auto& limits = spec.oci.limits;
  if (limits.memory) {
    json::object memory{{"limit", *limits.memory}};
    if (spec.abilities.swap_limit) memory["swap"] = *limits.memory;  // memory and swap together
    result["memory"] = std::move(memory);
  }
  if (limits.pids) result["pids"] = {{"limit", *limits.pids}};
  if (limits.cpus) {
    constexpr std::uint64_t period = 100'000;  // microseconds, the kernel's default
    const auto quota = std::max<std::int64_t>(1000, std::llround(*limits.cpus * static_cast<double>(period)));
    result["cpu"] = {{"period", period}, {"quota", quota}};
  }
  return result;
}

json::object linux_part(const BoxSpec& spec) {
  json::array namespaces{{{"type", "pid"}}, {{"type", "ipc"}}, {{"type", "uts"}}, {{"type", "mount"}}};
  if (spec.oci.network != "host") namespaces.emplace_back(json::object{{"type", "network"}});
  if (spec.abilities.cgroup_namespace) namespaces.emplace_back(json::object{{"type", "cgroup"}});
  json::object result{{"resources", resources(spec)},
                      {"rootfsPropagation", "rprivate"},
                      {"maskedPaths", list(masked_paths)},
                      {"readonlyPaths", list(readonly_paths)},
                      {"seccomp", seccomp_profile()}};
  if (spec.ids.namespaced) {
    namespaces.emplace_back(json::object{{"type", "user"}});
    const auto range = [](std::uint32_t inside, std::uint32_t outside, std::uint32_t size) {
      return json::object{{"containerID", inside}, {"hostID", outside}, {"size", size}};
    };
    const auto map = [&](std::uint32_t first) {
      if (!spec.ids.first_alone) return json::array{range(0, first, spec.ids.count)};
      return json::array{range(0, first, 1), range(1, first + 1, spec.ids.count - 1)};
    };
    result["uidMappings"] = map(spec.ids.first_uid);
    result["gidMappings"] = map(spec.ids.first_gid);
  }
  result["namespaces"] = std::move(namespaces);
  if (!spec.cgroup.empty()) result["cgroupsPath"] = spec.cgroup;
  return result;
}

}  // namespace

json::object parse_mount(const std::string& text) {
  const auto refuse = [&](const char* why) {
    return failure("oci.mounts: \"" + text + "\" " + why + " (source:target or source:target:ro)");
  };
  const auto first = text.find(':');
  if (first == std::string::npos) throw refuse("has no target");
  const auto second = text.find(':', first + 1);
  const std::string source = text.substr(0, first);
  const std::string target =
      text.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  const std::string mode = second == std::string::npos ? "rw" : text.substr(second + 1);
  if (mode != "ro" && mode != "rw") throw refuse("has an unknown option");
  const std::filesystem::path inside = std::filesystem::path(target).lexically_normal();
  if (!source.starts_with('/') || !inside.is_absolute()) throw refuse("needs absolute paths");
  for (const char* ours : {"/", "/proc", "/dev", "/sys", "/.fairlead"}) {
    const std::string own = ours;
    const std::string& path = inside.native();
    if (path == own || (own != "/" && path.starts_with(own + "/")))
      throw refuse("would hide a part of the box that is ours");
  }
  return mount(inside.native(), "bind", source, {"rbind", json::string_view(mode), "nosuid", "nodev"});
}

json::object runtime_config(const BoxSpec& spec) {
  return {{"ociVersion", "1.0.2"},
          {"process", process(spec)},
          {"root", {{"path", spec.root.native()}, {"readonly", spec.oci.read_only_root}}},
          {"hostname", spec.oci.hostname},
          {"mounts", mounts(spec)},
          {"annotations", {{"fairlead.box", spec.id}}},
          {"linux", linux_part(spec)}};
}

}  // namespace fairlead::backend::oci
