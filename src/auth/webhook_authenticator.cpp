// SPDX-License-Identifier: Apache-2.0
// Requests to auth servers and what their answers mean.
#include "auth/webhook_authenticator.hpp"

#include <fmt/format.h>

#include <utility>

namespace fairlead::auth {
namespace {

using ssh::Task;

observe::Log labelled(const observe::Log& log, const webhook::Subject& subject, const std::string& url,
                      const char* type) {
  if (!log.enabled(observe::Level::error)) return {};
  return log.with({{"connectionId", subject.connection_id},
                   {"username", subject.username},
                   {"url", url},
                   {"authtype", type}});
}

void tell_unknown(const observe::Log& log, const std::vector<std::string>& members) {
  for (const std::string& member : members)
    log.warning("AUTH_UNKNOWN_MEMBER", "The webhook's answer has a member that means nothing",
                {{"member", member}});
}

}  // namespace

std::expected<std::shared_ptr<const WebhookAuthenticator>, std::vector<std::string>>
WebhookAuthenticator::make(const config::Auth& auth) {
  auto made = std::make_shared<WebhookAuthenticator>();
  std::vector<std::string> errors;
  const auto add = [&](Hook& hook, const config::Webhook& block, const webhook::Kind& kind,
                       const char* path) {
    auto target = webhook::Target::make(block, kind, block.auth_timeout);
    if (!target) errors.push_back(fmt::format("{} ({})", path, target.error()));
    if (target) hook = {*target, block.url};
  };
  if (auth.password_method == "webhook")
    add(made->password_, auth.password_webhook, webhook::password_kind, "auth.password.webhook");
  if (auth.public_key_method == "webhook") {
    add(made->public_key_, auth.public_key_webhook, webhook::public_key_kind, "auth.publicKey.webhook");
    if (!auth.local_revoked_keys.empty()) made->revocations_ = Revocations::load(auth.local_revoked_keys);
  }
  if (auth.authz_method == "webhook") {
    auto authz = std::make_shared<Hook>();
    add(*authz, auth.authz_webhook, webhook::authz_kind, "auth.authz.webhook");
    if (auth.authz_webhook.transmit_sensitive_metadata) made->to_authz_ = webhook::Sensitive::send;
    made->authz_ = std::move(authz);
  }
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return made;
}

Task<Decision> WebhookAuthenticator::ask(const Hook& hook, webhook::Body body, observe::Log log) {
  // A reload has just bound the method to somebody else.
  if (!hook.target) co_return unavailable("no such webhook");
  auto answer = co_await hook.target->ask(std::move(body), log);
  if (!answer) co_return unavailable(std::move(answer.error().reason));
  tell_unknown(log, answer->unknown);
  if (!answer->success) {
    log.debug("AUTH_FAILED", "The webhook refused");
    co_return refused("the webhook refused");
  }
  log.debug("AUTH_SUCCESSFUL", "The webhook accepted");
  Decision decision;
  decision.verdict = ssh::Verdict::accepted;
  decision.metadata = std::move(answer->metadata);
  co_return decision;
}

Task<Decision> WebhookAuthenticator::password(Question question, ssh::SecretBytes password) const {
  const auto& subject = question.subject;
  observe::Log log = labelled(question.log, subject, password_.url, "password");
  webhook::Body body = webhook::password_request(subject, password);
  co_return co_await ask(password_, std::move(body), std::move(log));
}

Task<Decision> WebhookAuthenticator::public_key(Question question, std::string key) const {
  const auto& subject = question.subject;
  observe::Log log = labelled(question.log, subject, public_key_.url, "publickey");
  webhook::Body body = webhook::public_key_request(subject, key);
  co_return co_await ask(public_key_, std::move(body), std::move(log));
}

Task<Decision> WebhookAuthenticator::authorize(Question question) const {
  webhook::Subject& subject = question.subject;
  const observe::Log log =
      question.log.with({{"connectionId", subject.connection_id},
                         {"authenticatedUsername", subject.metadata.authenticated_username},
                         {"providedUsername", subject.username},
                         {"url", authz_->url},
                         {"authtype", "authz"}});
  if (to_authz_ == webhook::Sensitive::leave_out && webhook::has_sensitive(subject.metadata))
    log.debug("AUTH_SENSITIVE_LEFT_OUT", "Sensitive entries are not sent to the authorization webhook");
  webhook::Body body = webhook::subject_request(subject, to_authz_);
  Decision decision = co_await ask(*authz_, std::move(body), log);
  if (decision.verdict != ssh::Verdict::accepted) {
    decision.reason = "authorization: " + decision.reason;
    co_return decision;
  }
  subject.metadata.merge(decision.metadata);
  decision.metadata = std::move(subject.metadata);
  co_return decision;
}

}  // namespace fairlead::auth
