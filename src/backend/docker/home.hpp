// SPDX-License-Identifier: Apache-2.0
// Which box that stays is whose: names of containers, and what a found one must carry to be ours.
#pragma once

#include "backend/docker/container_spec.hpp"
#include "backend/docker/engine.hpp"
#include "config/config.hpp"

#include <string>

namespace fairlead::docker {

// Who we are on an engine's labels.
struct Ourselves {
  std::string instance, owner;
};

// `containerName` with {username} filled in; without a pattern one of our own, different for each instance,
// state directory and user. In a user's name everything but letters, digits, '-' and '.' is written as _XX,
// so that two users never have one name. A name without {username} is everybody's. Throws BackendError when
// it comes to none that an engine takes.
[[nodiscard]] Home home_of(const config::Docker& docker, const Ourselves& us, const std::string& user);

// Whether Fairlead made this container, of whatever instance.
[[nodiscard]] bool is_fairleads(const ContainerState& found);

// Whether this very daemon, in this life or an earlier one, made this box that stays.
[[nodiscard]] bool is_home_of(const ContainerState& found, const Ourselves& us);

// A container that was found under the home's name: throws BackendError when it is another Fairlead's,
// another user's or a box of another mode. One that Fairlead never made is the operator's gift.
void check_home(const ContainerState& found, const Home& home, const Ourselves& us);

}  // namespace fairlead::docker
