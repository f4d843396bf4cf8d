// SPDX-License-Identifier: Apache-2.0
// Ends a connection whose time is over, and says so to whoever is logged in on it.
#pragma once

#include "config/config.hpp"
#include "observe/log.hpp"
#include "relay/activity.hpp"
#include "relay/box_gate.hpp"
#include "relay/notices.hpp"

#include <fairlead/ssh/connection.hpp>

#include <memory>

namespace fairlead::daemon {

// Of one connection, from its login on. Belongs to its executor.
struct TimeLimits {
  TimeLimits(ssh::Connection whose, std::shared_ptr<relay::BoxGate> its_gate, config::Quota most,
             observe::Log sink);

  ssh::Connection connection;
  std::shared_ptr<relay::BoxGate> gate;
  config::Quota quota;
  observe::Log log;
  std::shared_ptr<relay::Notices> notices;
  std::shared_ptr<relay::Activity> activity;
};

// Returns when the connection has been ended, at once when nothing is limited; may be cancelled. Who waits
// for a box is not idle.
[[nodiscard]] ssh::Task<> hold_to(TimeLimits limits);

}  // namespace fairlead::daemon
