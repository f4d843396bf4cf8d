// SPDX-License-Identifier: Apache-2.0
// Turns what happens on a connection into log lines with ContainerSSH's codes (codes.md).
#pragma once

#include "observe/log.hpp"
#include "relay/events.hpp"

#include <string_view>

namespace fairlead::daemon {

[[nodiscard]] relay::Observer relay_log(observe::Log log);

// ServerConfig::on_event of the engine: refused authentication attempts and the like.
void log_engine_event(const observe::Log& log, std::string_view event, std::string_view detail);

}  // namespace fairlead::daemon
