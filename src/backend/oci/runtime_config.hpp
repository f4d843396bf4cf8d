// SPDX-License-Identifier: Apache-2.0
// The runtime's config.json for one box: everything that makes a box a box.
#pragma once

#include "backend/oci/ids.hpp"
#include "config/config.hpp"

#include <boost/json/object.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::backend::oci {

// What the host turned out to allow; decided once, by trying.
struct HostAbilities {
  bool limits = true;      // memory, CPU and processes through cgroups
  bool swap_limit = true;  // memory limit counts swap
  bool cgroup_namespace = true;
  bool cgroup_mount = false;  // version 2 only: /sys/fs/cgroup inside shows the box's own limits
};

struct BoxSpec {
  std::string id;
  std::filesystem::path root;   // becomes "/"
  std::filesystem::path agent;  // on the host
  std::filesystem::path files;  // has `resolv.conf`, `hosts`, `hostname`
  std::string cgroup;           // absolute, below every controller's mount; empty: the runtime's own choice
  std::vector<std::string> arguments;
  IdMap ids;
  HostAbilities abilities;
  config::Oci oci;
};

// Throws BackendError for a mount that cannot be meant ("source:target[:ro]" of oci.mounts).
[[nodiscard]] boost::json::object runtime_config(const BoxSpec& spec);

// "source:target[:ro]" as the runtime's mount object.
[[nodiscard]] boost::json::object parse_mount(const std::string& text);

}  // namespace fairlead::backend::oci
