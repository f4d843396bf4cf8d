// SPDX-License-Identifier: Apache-2.0
// The running daemon: starts backends and listener, serves until a signal, stops gracefully.
//
//   SIGHUP            reads configuration and users again; running sessions keep what they have
//   SIGTERM, SIGINT   no new logins; sessions that run get ssh.shutdownGrace, then they are ended
//   a second one      ends them now
#pragma once

#include "daemon/settings.hpp"
#include "observe/log.hpp"

#include <functional>
#include <memory>
#include <string>

namespace fairlead::daemon {

struct ServeOptions {
  // Reads the configuration again at SIGHUP. Empty: SIGHUP only reopens the log.
  std::function<std::expected<std::shared_ptr<const Settings>, config::Errors>()> reload;
  // Called once, when logins are served; the argument is the address it listens on.
  std::function<void(const std::string&)> ready;
};

// Returns the exit code: 0 after a signal, 1 when it could not start (each reason is on standard error and in
// the log).
[[nodiscard]] int serve(std::shared_ptr<const Settings> settings, const observe::Log& log,
                        ServeOptions options);

}  // namespace fairlead::daemon
