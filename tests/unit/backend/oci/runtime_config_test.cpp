// SPDX-License-Identifier: Apache-2.0
// The runtime's configuration: what makes a box a box is in it.
#include "backend/oci/runtime_config.hpp"

#include "backend/backend.hpp"
#include "backend/oci/seccomp.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <set>

namespace fairlead::test {
namespace {

namespace json = boost::json;
using backend::BackendError;
using backend::oci::BoxSpec;
using backend::oci::IdMap;
using ::testing::HasSubstr;
using ::testing::Not;

BoxSpec spec() {
  BoxSpec result;
  result.id = "box";
  result.root = "/state/root";
  result.agent = "/state/agent";
  result.files = "/state/box";
  result.cgroup = "/fairlead/default/box";
  result.arguments = {"/.fairlead/agent", "serve", "--fd", "3"};
  result.ids = IdMap{true, 1'000'000, 2'000'000, 65536};
  return result;
}

std::string text(const BoxSpec& s) {
  return json::serialize(backend::oci::runtime_config(s));
}

std::set<std::string> namespaces(const BoxSpec& s) {
  std::set<std::string> result;
  const json::object config = backend::oci::runtime_config(s);
  for (const auto& entry : config.at("linux").at("namespaces").as_array())
    result.insert(std::string(entry.at("type").as_string()));
  return result;
}

TEST(RuntimeConfigTest, ABoxHasItsOwnNamespacesAndIds) {
  EXPECT_EQ(namespaces(spec()),
            (std::set<std::string>{"pid", "ipc", "uts", "mount", "network", "cgroup", "user"}));
  const json::object config = backend::oci::runtime_config(spec());
  const auto& map = config.at("linux").at("uidMappings").as_array();
  ASSERT_EQ(map.size(), 1U);
  EXPECT_EQ(map[0].at("containerID").to_number<int>(), 0);
  EXPECT_EQ(map[0].at("hostID").to_number<int>(), 1'000'000);
  EXPECT_EQ(map[0].at("size").to_number<int>(), 65536);
  EXPECT_EQ(config.at("linux").at("gidMappings").at(0).at("hostID").to_number<int>(), 2'000'000);
}

// An unprivileged daemon's own id and its subordinate ids are two ranges; the kernel refuses one across both.
TEST(RuntimeConfigTest, AnUnprivilegedDaemonsIdsAreTwoRanges) {
  BoxSpec s = spec();
  s.ids = IdMap{true, 0, 0, 65536, true};
  const json::object config = backend::oci::runtime_config(s);
  const auto& map = config.at("linux").at("uidMappings").as_array();
  ASSERT_EQ(map.size(), 2U);
  EXPECT_EQ(map[0].at("size").to_number<int>(), 1);
  EXPECT_EQ(map[1].at("containerID").to_number<int>(), 1);
  EXPECT_EQ(map[1].at("hostID").to_number<int>(), 1);
  EXPECT_EQ(map[1].at("size").to_number<int>(), 65535);
}

TEST(RuntimeConfigTest, PrivilegesAreFew) {
  const json::object config = backend::oci::runtime_config(spec());
  const auto& process = config.at("process");
  EXPECT_TRUE(process.at("noNewPrivileges").as_bool());
  const std::string capabilities = json::serialize(process.at("capabilities"));
  for (const char* never : {"SYS_ADMIN", "SYS_PTRACE", "MKNOD", "NET_ADMIN", "NET_RAW", "SYS_MODULE",
                            "DAC_READ_SEARCH", "SYS_RAWIO", "SETFCAP", "BPF", "inheritable", "ambient"})
    EXPECT_THAT(capabilities, Not(HasSubstr(never)));
  EXPECT_THAT(json::serialize(process.at("rlimits")),
              HasSubstr(R"({"type":"RLIMIT_CORE","soft":0,"hard":0})"));
  const std::string masked = json::serialize(config.at("linux").at("maskedPaths"));
  for (const char* path : {"/proc/kcore", "/proc/keys", "/sys/firmware"})
    EXPECT_THAT(masked, HasSubstr(path));
  EXPECT_THAT(json::serialize(config.at("linux").at("readonlyPaths")), HasSubstr("/proc/sys"));
  EXPECT_THAT(json::serialize(config.at("linux").at("resources").at("devices")),
              HasSubstr(R"("allow":false)"));
}

TEST(RuntimeConfigTest, TheAgentIsReadOnlyAndMountedLast) {
  BoxSpec s = spec();
  s.oci.mounts = {"/srv/data:/data"};
  const json::object config = backend::oci::runtime_config(s);
  const auto& last = config.at("mounts").as_array().back();
  EXPECT_EQ(last.at("destination").as_string(), "/.fairlead/agent");
  EXPECT_THAT(json::serialize(last.at("options")), HasSubstr("\"ro\""));
}

TEST(RuntimeConfigTest, LimitsAreThoseConfigured) {
  BoxSpec s = spec();
  s.oci.limits = {.memory = 1 << 20, .cpus = 1.5, .pids = 7, .disk = std::nullopt};
  const json::object all = backend::oci::runtime_config(s);
  const auto& resources = all.at("linux").at("resources");
  EXPECT_EQ(resources.at("memory").at("limit").to_number<int>(), 1 << 20);
  EXPECT_EQ(resources.at("memory").at("swap").to_number<int>(), 1 << 20);
  EXPECT_EQ(resources.at("pids").at("limit").to_number<int>(), 7);
  EXPECT_EQ(resources.at("cpu").at("quota").to_number<int>(), 150'000);
  s.oci.limits = {std::nullopt, std::nullopt, std::nullopt, std::nullopt};
  const json::object none = backend::oci::runtime_config(s);
  EXPECT_EQ(none.at("linux").at("resources").as_object().size(), 1U);  // devices
}

TEST(RuntimeConfigTest, WithoutControlGroupsProcessesAreLimitedByTheKernelsOtherMeans) {
  BoxSpec s = spec();
  s.oci.limits.pids = 9;
  EXPECT_THAT(text(s), Not(HasSubstr("RLIMIT_NPROC")));
  s.abilities.limits = false;
  EXPECT_THAT(text(s), HasSubstr(R"({"type":"RLIMIT_NPROC","soft":9,"hard":9})"));
  EXPECT_THAT(text(s), Not(HasSubstr("\"pids\":")));
}

TEST(RuntimeConfigTest, TheHostsNetworkOnlyWhenAskedFor) {
  BoxSpec s = spec();
  s.oci.network = "host";
  EXPECT_FALSE(namespaces(s).contains("network"));
  EXPECT_THAT(text(s), Not(HasSubstr("sysfs")));
  s.oci.network = "user";
  EXPECT_TRUE(namespaces(s).contains("network"));
}

TEST(RuntimeConfigTest, ASingleIdHasNoTtyGroup) {
  BoxSpec s = spec();
  EXPECT_THAT(text(s), HasSubstr("gid=5"));
  s.ids.count = 1;
  EXPECT_THAT(text(s), Not(HasSubstr("gid=5")));
}

TEST(RuntimeConfigTest, Mounts) {
  const json::object mount = backend::oci::parse_mount("/srv/a:/data/./b:ro");
  EXPECT_EQ(mount.at("destination").as_string(), "/data/b");
  EXPECT_EQ(mount.at("source").as_string(), "/srv/a");
  EXPECT_THAT(json::serialize(mount.at("options")), HasSubstr("\"ro\""));
  for (const char* bad :
       {"/only-source", "relative:/data", "/srv:relative", "/srv:/data:rx", "/srv:/", "/srv:/proc/sys",
        "/srv:/dev", "/srv:/sys/x", "/srv:/.fairlead", "/srv:/.fairlead/agent", "/srv:/data/../proc"})
    EXPECT_THROW((void)backend::oci::parse_mount(bad), BackendError) << bad;
  EXPECT_NO_THROW((void)backend::oci::parse_mount("/srv:/process"));
}

// The profile, as a table: what must and must not be in it.
TEST(SeccompTest, NamespacesMountsAndKernelCodeAreOutOfReach) {
  std::set<std::string> allowed, refused;
  const auto& profile = backend::oci::seccomp_profile();
  EXPECT_EQ(profile.at("defaultAction").as_string(), "SCMP_ACT_ERRNO");
  EXPECT_EQ(profile.at("defaultErrnoRet").to_number<int>(), ENOSYS);
  for (const auto& rule : profile.at("syscalls").as_array())
    for (const auto& name : rule.at("names").as_array()) {
      const bool everywhere = !rule.as_object().contains("args");
      if (rule.at("action").as_string() == "SCMP_ACT_ALLOW" && everywhere)
        allowed.insert(std::string(name.as_string()));
      if (rule.at("action").as_string() == "SCMP_ACT_ERRNO") refused.insert(std::string(name.as_string()));
    }
  for (const char* never : {"mount", "umount2", "unshare", "setns", "bpf", "keyctl", "init_module",
                            "kexec_load", "reboot", "swapon", "perf_event_open", "userfaultfd",
                            "open_by_handle_at", "move_mount", "fsopen", "pivot_root"}) {
    EXPECT_FALSE(allowed.contains(never)) << never;
    EXPECT_TRUE(refused.contains(never)) << never;
  }
  for (const char* never :
       {"clone", "clone3", "socket", "socketcall", "io_uring_setup", "io_uring_enter", "listmount"})
    EXPECT_FALSE(allowed.contains(never)) << never;
  for (const char* needed : {"read", "execve", "openat", "fork", "futex", "epoll_wait", "rt_sigreturn",
                             "exit_group", "ioctl", "setuid"})
    EXPECT_TRUE(allowed.contains(needed)) << needed;
  for (const auto& name : allowed) EXPECT_FALSE(refused.contains(name)) << name;
}

}  // namespace
}  // namespace fairlead::test
