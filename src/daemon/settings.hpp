// SPDX-License-Identifier: Apache-2.0
// What the configuration means for new logins: made at start and by SIGHUP, then never changed.
#pragma once

#include "auth/users_file.hpp"
#include "config/config.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/server.hpp>

#include <expected>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fairlead::daemon {

struct Settings {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const auth::Users> users;  // null: no local users
  std::shared_ptr<const ssh::ServerConfig> server;

  // The configuration with the user's own settings merged in.
  [[nodiscard]] std::shared_ptr<const config::Config> config_for(const std::string& user) const;
  // Names of every backend that some login needs.
  [[nodiscard]] std::set<std::string> backends() const;
};

using SettingsOrErrors = std::expected<std::shared_ptr<const Settings>, std::vector<std::string>>;

// Users, host keys and the server's parameters for a valid configuration; all errors at once, a sentence
// each.
[[nodiscard]] SettingsOrErrors make_settings(std::shared_ptr<const config::Config> config,
                                             const observe::Log& log);

}  // namespace fairlead::daemon
