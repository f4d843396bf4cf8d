// SPDX-License-Identifier: Apache-2.0
// What the configuration means for new logins: made at start and by SIGHUP, then never changed.
#pragma once

#include "auth/users_file.hpp"
#include "auth/webhook_authenticator.hpp"
#include "config/config.hpp"
#include "config/load.hpp"
#include "daemon/sources.hpp"
#include "daemon/terms_cache.hpp"
#include "webhook/target.hpp"

#include <fairlead/ssh/server.hpp>

#include <expected>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace fairlead::daemon {

struct Settings {
  std::shared_ptr<const config::Config> config;
  std::shared_ptr<const auth::Users> users;                    // null: no local users
  std::shared_ptr<const auth::WebhookAuthenticator> webhooks;  // of `auth`
  std::shared_ptr<const webhook::Target> config_server;        // null: there is none
  std::shared_ptr<TermsCache> terms;                           // what it has said lately; null: not kept
  std::shared_ptr<const SourceRules> sources;                  // never null
  ssh::ServerConfig server;  // without an authenticator and host keys: the keeper's

  // The configuration with the user's own settings merged in. Never null.
  [[nodiscard]] std::shared_ptr<const config::Config> config_for(const std::string& user) const;
  // Whether a login may wait for somebody's server.
  [[nodiscard]] bool asks_webhooks() const;
  // What the operator should hear of users and keys.
  [[nodiscard]] std::vector<std::string> warnings() const;
  // Names of every backend that some login needs.
  [[nodiscard]] std::set<std::string> backends() const;
};

// For a configuration that load() accepted. Errors are sentences, all at once.
[[nodiscard]] std::expected<std::shared_ptr<const Settings>, config::Errors> make_settings(
    config::Config config);

// The same with the text of a users file instead of `auth.local.usersFile`.
[[nodiscard]] std::expected<std::shared_ptr<const Settings>, config::Errors> make_settings_with_users(
    config::Config config, const std::string& users);

}  // namespace fairlead::daemon
