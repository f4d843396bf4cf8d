// SPDX-License-Identifier: Apache-2.0
// What a box's container is made of: the operator's settings, our own, and safe defaults for what nobody set.
#pragma once

#include "backend/backend.hpp"
#include "backend/docker/engine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::docker {

// Labels (spec core.md 3.7 and our own). A container is removed by us only when instance, owner and box all
// fit.
inline constexpr std::string_view connection_label = "containerssh_connection_id";
inline constexpr std::string_view address_label = "containerssh_ip";
inline constexpr std::string_view user_label = "containerssh_username";
inline constexpr std::string_view instance_label = "fairlead_instance";  // config: which daemon
inline constexpr std::string_view owner_label = "fairlead_owner";        // which state directory
inline constexpr std::string_view box_label = "fairlead_box";            // the journal entry
inline constexpr std::string_view home_label =
    "fairlead_home";  // of boxes that stay: whose, or empty: everybody's
inline constexpr std::string_view link_label = "fairlead_link";  // of boxes that stay: "socket" or "attach"
inline constexpr std::string_view pool_label =
    "fairlead_pool";  // of boxes made ahead of their login: for which configuration
inline constexpr std::string_view disk_label = "fairlead_disk";  // DiskLimit::watched: most bytes written

// How the agent reaches us.
enum class LinkKind : std::uint8_t {
  socket,  // its directory is mounted from this machine: program and Unix socket
  attach,  // it is uploaded and speaks on its standard input and output
};

// How `limits.disk` holds.
enum class DiskLimit : std::uint8_t {
  quota,    // the engine's storage driver sees to it: writing more fails
  watched,  // it cannot: we look, and end a box that has written more (disk_watch.hpp)
};

// A box that stays (mode persistent).
struct Home {
  std::string container;  // its name
  std::string user;       // whose it is; empty: everybody's who is sent there
};

struct BoxIdentity {
  std::string box, instance, owner;
  std::string directory;  // on this machine, for LinkKind::socket
  DiskLimit disk_limit = DiskLimit::quota;
  std::optional<Home> home = {};  // then nothing of the login is part of it
  std::string pool = {};          // made ahead, for this configuration: nothing of a login is part of it
  std::optional<NewExec> bare =
      {};  // then no agent is: the container's command, after the image's entry point
};

// Pure: the same input gives the same container.
[[nodiscard]] NewContainer make_container(const backend::Login& login, const BoxIdentity& identity,
                                          LinkKind kind);

}  // namespace fairlead::docker
