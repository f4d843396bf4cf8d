// SPDX-License-Identifier: Apache-2.0
// The tables: Docker Engine API 1.41 to 1.51, POST /containers/create.
#include "config/docker_schema.hpp"

#include <array>

namespace fairlead::config {
namespace {

using enum DockerField::Type;
using Field = DockerField;

constexpr std::array healthcheck{
    Field{"Test", texts},           Field{"Interval", duration},      Field{"Timeout", duration},
    Field{"StartPeriod", duration}, Field{"StartInterval", duration}, Field{"Retries", number}};

constexpr std::array container{Field{"Hostname", text},
                               Field{"Domainname", text},
                               Field{"User", text},
                               Field{"AttachStdin", boolean},
                               Field{"AttachStdout", boolean},
                               Field{"AttachStderr", boolean},
                               Field{"ExposedPorts", names},
                               Field{"Tty", boolean},
                               Field{"OpenStdin", boolean},
                               Field{"StdinOnce", boolean},
                               Field{"Env", texts},
                               Field{"Cmd", texts},
                               Field{"Healthcheck", object, healthcheck},
                               Field{"ArgsEscaped", boolean},
                               Field{"Image", text},
                               Field{"Volumes", names},
                               Field{"WorkingDir", text},
                               Field{"Entrypoint", texts},
                               Field{"NetworkDisabled", boolean},
                               Field{"MacAddress", text},
                               Field{"OnBuild", texts},
                               Field{"Labels", text_map},
                               Field{"StopSignal", text},
                               Field{"StopTimeout", number},
                               Field{"Shell", texts}};

constexpr std::array log_config{Field{"Type", text}, Field{"Config", text_map}};
constexpr std::array port_binding{Field{"HostIp", text}, Field{"HostPort", text}};
constexpr std::array restart_policy{Field{"Name", text}, Field{"MaximumRetryCount", number}};
constexpr std::array bind_options{Field{"Propagation", text}, Field{"NonRecursive", boolean},
                                  Field{"CreateMountpoint", boolean}, Field{"ReadOnlyNonRecursive", boolean},
                                  Field{"ReadOnlyForceRecursive", boolean}};
constexpr std::array driver_config{Field{"Name", text}, Field{"Options", text_map}};
constexpr std::array volume_options{Field{"NoCopy", boolean}, Field{"Labels", text_map},
                                    Field{"Subpath", text}, Field{"DriverConfig", object, driver_config}};
constexpr std::array image_options{Field{"Subpath", text}};
constexpr std::array tmpfs_options{Field{"SizeBytes", bytes}, Field{"Mode", number},
                                   Field{"Options", text_lists}};
constexpr std::array mount{Field{"Type", text},
                           Field{"Source", text},
                           Field{"Target", text},
                           Field{"ReadOnly", boolean},
                           Field{"Consistency", text},
                           Field{"BindOptions", object, bind_options},
                           Field{"VolumeOptions", object, volume_options},
                           Field{"ImageOptions", object, image_options},
                           Field{"TmpfsOptions", object, tmpfs_options},
                           Field{"ClusterOptions", names}};
constexpr std::array weight_device{Field{"Path", text}, Field{"Weight", number}};
constexpr std::array throttle_device{Field{"Path", text}, Field{"Rate", number}};
constexpr std::array device{Field{"PathOnHost", text}, Field{"PathInContainer", text},
                            Field{"CgroupPermissions", text}};
constexpr std::array device_request{Field{"Driver", text}, Field{"Count", number}, Field{"DeviceIDs", texts},
                                    Field{"Capabilities", text_lists}, Field{"Options", text_map}};
constexpr std::array ulimit{Field{"Name", text}, Field{"Hard", number}, Field{"Soft", number}};

constexpr std::array host{Field{"Binds", texts},
                          Field{"ContainerIDFile", text},
                          Field{"LogConfig", object, log_config},
                          Field{"NetworkMode", text},
                          Field{"PortBindings", object_list_map, port_binding},
                          Field{"RestartPolicy", object, restart_policy},
                          Field{"AutoRemove", boolean},
                          Field{"VolumeDriver", text},
                          Field{"VolumesFrom", texts},
                          Field{"ConsoleSize", numbers},
                          Field{"Annotations", text_map},
                          Field{"CapAdd", texts},
                          Field{"CapDrop", texts},
                          Field{"CgroupnsMode", text},
                          Field{"Dns", texts},
                          Field{"DnsOptions", texts},
                          Field{"DnsSearch", texts},
                          Field{"ExtraHosts", texts},
                          Field{"GroupAdd", texts},
                          Field{"IpcMode", text},
                          Field{"Cgroup", text},
                          Field{"Links", texts},
                          Field{"OomScoreAdj", number},
                          Field{"PidMode", text},
                          Field{"Privileged", boolean},
                          Field{"PublishAllPorts", boolean},
                          Field{"ReadonlyRootfs", boolean},
                          Field{"SecurityOpt", texts},
                          Field{"StorageOpt", text_map},
                          Field{"Tmpfs", text_map},
                          Field{"UTSMode", text},
                          Field{"UsernsMode", text},
                          Field{"ShmSize", bytes},
                          Field{"Sysctls", text_map},
                          Field{"Runtime", text},
                          Field{"Isolation", text},
                          Field{"Mounts", objects, mount},
                          Field{"MaskedPaths", texts},
                          Field{"ReadonlyPaths", texts},
                          Field{"Init", boolean},
                          Field{"CpuShares", number},
                          Field{"Memory", bytes},
                          Field{"NanoCpus", number},
                          Field{"CgroupParent", text},
                          Field{"BlkioWeight", number},
                          Field{"BlkioWeightDevice", objects, weight_device},
                          Field{"BlkioDeviceReadBps", objects, throttle_device},
                          Field{"BlkioDeviceWriteBps", objects, throttle_device},
                          Field{"BlkioDeviceReadIOps", objects, throttle_device},
                          Field{"BlkioDeviceWriteIOps", objects, throttle_device},
                          Field{"CpuPeriod", number},
                          Field{"CpuQuota", number},
                          Field{"CpuRealtimePeriod", number},
                          Field{"CpuRealtimeRuntime", number},
                          Field{"CpusetCpus", text},
                          Field{"CpusetMems", text},
                          Field{"Devices", objects, device},
                          Field{"DeviceCgroupRules", texts},
                          Field{"DeviceRequests", objects, device_request},
                          Field{"KernelMemory", bytes},
                          Field{"KernelMemoryTCP", bytes},
                          Field{"MemoryReservation", bytes},
                          Field{"MemorySwap", bytes},
                          Field{"MemorySwappiness", number},
                          Field{"OomKillDisable", boolean},
                          Field{"PidsLimit", number},
                          Field{"Ulimits", objects, ulimit},
                          Field{"CpuCount", number},
                          Field{"CpuPercent", number},
                          Field{"IOMaximumIOps", number},
                          Field{"IOMaximumBandwidth", number}};

constexpr std::array ipam{Field{"IPv4Address", text}, Field{"IPv6Address", text},
                          Field{"LinkLocalIPs", texts}};
constexpr std::array endpoint{Field{"IPAMConfig", object, ipam},
                              Field{"Links", texts},
                              Field{"Aliases", texts},
                              Field{"MacAddress", text},
                              Field{"DriverOpts", text_map},
                              Field{"GwPriority", number},
                              Field{"NetworkID", text},
                              Field{"EndpointID", text},
                              Field{"Gateway", text},
                              Field{"IPAddress", text},
                              Field{"IPPrefixLen", number},
                              Field{"IPv6Gateway", text},
                              Field{"GlobalIPv6Address", text},
                              Field{"GlobalIPv6PrefixLen", number},
                              Field{"DNSNames", texts}};
constexpr std::array network{Field{"EndpointsConfig", object_map, endpoint}};

constexpr std::array platform{Field{"architecture", text}, Field{"os", text}, Field{"os.version", text},
                              Field{"os.features", texts}, Field{"variant", text}};

}  // namespace

std::span<const DockerField> docker_fields(DockerStructure structure) noexcept {
  switch (structure) {
    case DockerStructure::container:
      return container;
    case DockerStructure::host:
      return host;
    case DockerStructure::network:
      return network;
    case DockerStructure::platform:
      return platform;
  }
  return {};
}

}  // namespace fairlead::config
