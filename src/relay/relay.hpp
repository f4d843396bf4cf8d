// SPDX-License-Identifier: Apache-2.0
// Joins an authenticated client with the box of its login, channel by channel (design section 3).
#pragma once

#include "relay/activity.hpp"
#include "relay/box_gate.hpp"
#include "relay/events.hpp"
#include "relay/notices.hpp"

#include <memory>

namespace fairlead::relay {

struct RelayOptions {
  Policy policy = {};
  Observer observer = {};
  // True while the daemon stops: sessions that run go on, new ones are refused (core.md W1.13).
  std::function<bool()> draining = {};
  // Gets the sessions that run. Null: nobody has anything to say to them.
  std::shared_ptr<Notices> notices = {};
  // Is told what happens on the channels.
  std::shared_ptr<Activity> activity = std::make_shared<Activity>();
};

// Serves the client's channels and requests until the connection ends, then returns when every session has
// ended. Channels opened before the box is there wait at `gate`; when it fails they are refused with its
// sentence.
[[nodiscard]] ssh::Task<> relay(ssh::AcceptedConnection client, std::shared_ptr<BoxGate> gate,
                                RelayOptions options);

}  // namespace fairlead::relay
