// SPDX-License-Identifier: Apache-2.0
// From a configuration to the engine's parameters and the users.
#include "daemon/settings.hpp"

#include <algorithm>
#include <utility>

namespace fairlead::daemon {
namespace {

std::chrono::seconds whole_seconds(config::Duration duration) {
  return std::chrono::ceil<std::chrono::seconds>(duration);
}

ssh::ServerConfig engine_parameters(const config::Ssh& ssh) {
  ssh::ServerConfig server;
  server.identification = ssh.server_version;
  server.banner = ssh.banner;
  server.login_grace = whole_seconds(ssh.login_grace_time);
  server.key_exchanges = ssh.kex;
  server.ciphers = ssh.ciphers;
  server.macs = ssh.macs;
  server.rekey_bytes = ssh.rekey_limit;
  server.alive_interval = whole_seconds(ssh.client_alive_interval);
  server.alive_count = ssh.client_alive_count_max;
  return server;
}

bool has_local_users(const config::Auth& auth) {
  return auth.password_method == "local" || auth.public_key_method == "local" ||
         auth.keyboard_interactive_method == "local";
}

std::expected<std::shared_ptr<Settings>, config::Errors> settings_without_users(config::Config config) {
  auto settings = std::make_shared<Settings>();
  settings->server = engine_parameters(config.ssh);
  auto rules = make_source_rules(config.ssh);
  if (!rules)
    return std::unexpected(config::Errors{config.file + ": invalid configuration option: " + rules.error()});
  settings->sources = std::move(*rules);
  settings->config = std::make_shared<const config::Config>(std::move(config));
  return settings;
}

using UsersResult = std::expected<std::shared_ptr<const auth::Users>, config::Errors>;

std::expected<std::shared_ptr<const Settings>, config::Errors> with_users(
    const std::shared_ptr<Settings>& settings, UsersResult users) {
  if (!users) return std::unexpected(std::move(users.error()));
  settings->users = std::move(*users);
  return settings;
}

}  // namespace

std::shared_ptr<const config::Config> Settings::config_for(const std::string& user) const {
  return users ? users->config_for(user) : config;
}

std::set<std::string> Settings::backends() const {
  std::set<std::string> names{config->backend};
  if (users) names.merge(users->backends());
  return names;
}

std::expected<std::shared_ptr<const Settings>, config::Errors> make_settings(config::Config config) {
  auto made = settings_without_users(std::move(config));
  if (!made || !has_local_users((*made)->config->auth)) return made;
  return with_users(*made, auth::Users::load((*made)->config));
}

std::expected<std::shared_ptr<const Settings>, config::Errors> make_settings_with_users(
    config::Config config, const std::string& text) {
  auto made = settings_without_users(std::move(config));
  if (!made) return made;
  return with_users(*made, auth::Users::parse(text, "users", (*made)->config));
}

}  // namespace fairlead::daemon
