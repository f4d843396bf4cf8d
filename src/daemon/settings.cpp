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

// What webhooks may take on top: nobody who logs in within their limits is cut off (core.md W1.3).
config::Duration webhook_time(const config::Auth& auth) {
  config::Duration time{0};
  if (auth.password_method == "webhook") time += auth.password_webhook.auth_timeout;
  if (auth.public_key_method == "webhook") time += auth.public_key_webhook.auth_timeout;
  if (auth.authz_method == "webhook") time += auth.authz_webhook.auth_timeout;
  return time;
}

ssh::ServerConfig engine_parameters(const config::Ssh& ssh, const config::Auth& auth) {
  ssh::ServerConfig server;
  server.identification = ssh.server_version;
  server.banner = ssh.banner;
  server.login_grace = whole_seconds(ssh.login_grace_time + webhook_time(auth));
  server.key_exchanges = ssh.kex;
  server.ciphers = ssh.ciphers;
  server.macs = ssh.macs;
  server.require_strict_kex = ssh.require_strict_kex;
  server.rekey_bytes = ssh.rekey_limit;
  server.alive_interval = whole_seconds(ssh.client_alive_interval);
  server.alive_count = ssh.client_alive_count_max;
  return server;
}

bool has_local_users(const config::Auth& auth) {
  return auth.password_method == "local" || auth.public_key_method == "local" ||
         auth.keyboard_interactive_method == "local";
}

// ContainerSSH's, which has no key for it (services.md section 4.4).
constexpr std::chrono::seconds config_server_budget{60};

config::Errors add_webhooks(Settings& settings, const config::Config& config) {
  config::Errors reasons;
  if (auto made = auth::WebhookAuthenticator::make(config.auth))
    settings.webhooks = std::move(*made);
  else
    reasons = std::move(made.error());
  if (config.config_server.url.empty()) return reasons;
  if (auto made = webhook::Target::make(config.config_server, webhook::config_kind, config_server_budget))
    settings.config_server = std::move(*made);
  else
    reasons.push_back("configserver (" + made.error() + ")");
  return reasons;
}

std::expected<std::shared_ptr<Settings>, config::Errors> settings_without_users(config::Config config) {
  auto settings = std::make_shared<Settings>();
  settings->server = engine_parameters(config.ssh, config.auth);
  config::Errors reasons = add_webhooks(*settings, config);
  auto rules = make_source_rules(config.ssh);
  if (!rules) reasons.push_back(std::move(rules.error()));
  for (std::string& reason : reasons) reason.insert(0, config.file + ": invalid configuration option: ");
  if (!reasons.empty()) return std::unexpected(std::move(reasons));
  settings->sources = std::move(*rules);
  if (const auto time = config.config_server.cache_time; time > config::Duration::zero())
    settings->terms = std::make_shared<TermsCache>(time);
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

bool Settings::asks_webhooks() const {
  return webhook_time(config->auth) > config::Duration{0};
}

std::vector<std::string> Settings::warnings() const {
  std::vector<std::string> all;
  if (users) all = users->warnings();
  // Both may have read the same list.
  if (const std::string& problem = webhooks->revocations().problem();
      !problem.empty() && std::ranges::find(all, problem) == all.end())
    all.push_back(problem);
  return all;
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
