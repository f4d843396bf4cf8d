// SPDX-License-Identifier: Apache-2.0
// Authentication method `webhook` and the authorization webhook: other people's servers decide (services.md
// chapter 1).
#pragma once

#include "auth/decision.hpp"
#include "auth/revocations.hpp"
#include "base/secret.hpp"
#include "config/config.hpp"
#include "observe/log.hpp"
#include "webhook/target.hpp"

#include <expected>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::auth {

// Immutable and thread-safe. Nothing but a clear yes is `accepted`; a server that gives no answer within its
// authTimeout makes the decision `unavailable`. Tasks end early, with operation_aborted, when they are
// cancelled; this object must live until they are done.
class WebhookAuthenticator {
 public:
  // Of what `auth` binds to webhooks; nothing of that may be asked otherwise. Errors are reasons with the
  // path of the option.
  [[nodiscard]] static std::expected<std::shared_ptr<const WebhookAuthenticator>, std::vector<std::string>>
  make(const config::Auth& auth);

  // Who decides about one login, and where that is told. `log` may have any labels.
  struct Question {
    webhook::Subject subject;
    observe::Log log;
  };
  [[nodiscard]] ssh::Task<Decision> password(Question question, ssh::SecretBytes password) const;
  // `key` is a line "type base64" of a key or a certificate.
  [[nodiscard]] ssh::Task<Decision> public_key(Question question, std::string key) const;

  // Keys and certificates that no server's yes lets in (auth.local.revokedKeys).
  [[nodiscard]] const Revocations& revocations() const noexcept { return revocations_; }

  // Whether every login needs authorize(), too.
  [[nodiscard]] bool authorizes() const noexcept { return authz_ != nullptr; }
  // About a login that has succeeded, with all that is known of it in the subject's metadata. An accepted
  // decision's metadata is that, with what the server added.
  [[nodiscard]] ssh::Task<Decision> authorize(Question question) const;

 private:
  struct Hook {
    std::shared_ptr<const webhook::Target> target;
    std::string url;
  };
  [[nodiscard]] static ssh::Task<Decision> ask(const Hook& hook, webhook::Body body, observe::Log log);

  Hook password_, public_key_;
  std::shared_ptr<const Hook> authz_;
  Revocations revocations_;
  webhook::Sensitive to_authz_ = webhook::Sensitive::leave_out;
};

}  // namespace fairlead::auth
