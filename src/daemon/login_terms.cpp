// SPDX-License-Identifier: Apache-2.0
// One question to the configuration server.
#include "daemon/login_terms.hpp"

#include "config/overlay.hpp"
#include "crypto/hash.hpp"
#include "observe/sinks.hpp"

#include <fmt/ranges.h>

#include <utility>

namespace fairlead::daemon {
namespace {

constexpr const char* not_configured = "This login is not set up correctly. Please tell the administrator.";

webhook::Subject subject_of(const backend::Login& login, std::string client_version) {
  return {.connection_id = login.connection_id,
          .remote_address = login.remote_address,
          .remote_port = login.remote_port,
          .client_version = std::move(client_version),
          .username = login.user,
          .metadata = login.metadata};
}

std::shared_ptr<const config::Config> laid_over(const backend::Login& login, const boost::json::value& answer,
                                                const observe::Log& log) {
  auto overlaid = config::overlay(*login.config, answer);
  if (!overlaid) {
    const std::string all = fmt::format("{}", fmt::join(overlaid.error(), "; "));
    log.error("BACKEND_CONFIG_ERROR", all);
    throw backend::BackendError("the configuration for this login is not valid: " + all, not_configured);
  }
  for (const std::string& warning : overlaid->warnings) log.warning("CONFIG_WITHOUT_EFFECT", warning);
  return std::make_shared<const config::Config>(std::move(overlaid->config));
}

// Everything that is asked but what tells one connection from another of the same client.
TermsCache::Key key_of(webhook::Subject subject, webhook::Sensitive sensitive) {
  subject.connection_id.clear();
  subject.remote_port = 0;
  return ssh::digest("SHA256", {ssh::as_bytes(webhook::subject_request(subject, sensitive).text())});
}

ssh::Task<webhook::Answer> ask(const Settings& settings, webhook::Body body, observe::Log log) {
  const auto target = settings.config_server;
  auto answer = co_await target->ask(std::move(body), log);
  if (!answer)
    throw backend::BackendError("the configuration server gave no answer: " + answer.error().reason,
                                backend::not_now);
  log.debug("CONFIG_RESPONSE", "The configuration server has answered");
  co_return std::move(*answer);
}

}  // namespace

ssh::Task<> settle_terms(const Settings& settings, backend::Login& login, std::string client_version) {
  if (!settings.config_server) co_return;
  const config::ConfigServer& server = settings.config->config_server;
  const auto sensitive =
      server.transmit_sensitive_metadata ? webhook::Sensitive::send : webhook::Sensitive::leave_out;
  observe::Log log = login.log.with({{"url", server.url}});
  if (sensitive == webhook::Sensitive::leave_out && webhook::has_sensitive(login.metadata))
    log.debug("CONFIG_SENSITIVE_LEFT_OUT", "Sensitive entries are not sent to the configuration server");
  const webhook::Subject subject = subject_of(login, std::move(client_version));
  TermsCache::Key key;
  std::optional<webhook::Answer> answer;
  if (settings.terms) {
    key = key_of(subject, sensitive);
    answer = settings.terms->find(key, TermsCache::Clock::now());
  }
  const bool fresh = !answer;
  if (fresh) {
    webhook::Body body = webhook::subject_request(subject, sensitive);
    answer = co_await ask(settings, std::move(body), log);
  }
  login.metadata.merge(answer->metadata);
  login.config = laid_over(login, answer->config, log);
  if (fresh && settings.terms) settings.terms->keep(key, *answer, TermsCache::Clock::now());
}

void heed_log_level(const Settings& settings, backend::Login& login) {
  if (const auto level = observe::level_from(login.config->log.level);
      level && login.config->log.level != settings.config->log.level)
    login.log = login.log.at(*level);
}

}  // namespace fairlead::daemon
