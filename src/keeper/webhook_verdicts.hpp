// SPDX-License-Identifier: Apache-2.0
// The keeper's answers where webhooks decide: about passwords and keys, and about every login that has
// succeeded.
#pragma once

#include "auth/webhook_authenticator.hpp"
#include "keeper/keeper.hpp"
#include "keeper/key_verdicts.hpp"
#include "observe/log.hpp"

#include <memory>
#include <string>

namespace fairlead::keeper {

// Thread-safe. Where a webhook decides, its yes is the whole login: the users file's method chains are about
// local factors.
class WebhookVerdicts {
 public:
  explicit WebhookVerdicts(observe::Log log) : log_(std::move(log)) {}

  using Webhooks = std::shared_ptr<const auth::WebhookAuthenticator>;

  [[nodiscard]] ssh::Task<Answer> check_password(Webhooks webhooks, PasswordRequest request) const;
  // What is revoked, and what a certificate says of itself, holds whatever the server says.
  [[nodiscard]] ssh::Task<Answer> check_public_key(Webhooks webhooks, PublicKeyRequest request);
  // Of an answer that accepts: whether it still does, with what the authorization webhook adds.
  [[nodiscard]] ssh::Task<Answer> authorize(Webhooks webhooks, Client client, Answer answer) const;

  void forget(const std::string& connection) { keys_.forget(connection); }

 private:
  [[nodiscard]] auth::WebhookAuthenticator::Question question(const Client& client) const;
  [[nodiscard]] ssh::Task<auth::Decision> decide_key(Webhooks webhooks, const PublicKeyRequest& request,
                                                     std::string line);

  observe::Log log_;
  KeyVerdicts keys_;
};

}  // namespace fairlead::keeper
