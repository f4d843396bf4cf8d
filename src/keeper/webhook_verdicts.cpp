// SPDX-License-Identifier: Apache-2.0
// Questions to webhooks, and the answers as the keeper gives them.
#include "keeper/webhook_verdicts.hpp"

#include "auth/user_certificates.hpp"
#include "crypto/hash.hpp"

#include <chrono>
#include <expected>
#include <utility>

namespace fairlead::keeper {
namespace {

using ssh::Task;

Answer answer_of(auth::Decision decision) {
  Answer answer;
  answer.verdict = decision.verdict;
  answer.permissions = std::move(decision.permissions);
  answer.reason = std::move(decision.reason);
  answer.metadata = std::move(decision.metadata);
  return answer;
}

// A key or certificate that nothing speaks against before its webhook is asked.
struct Shown {
  std::string line;
  auth::Permissions permissions{};
};
using Examined = std::expected<Shown, std::string>;

Examined examine_key(const ssh::PublicKey& key, const PublicKeyRequest& request,
                     const auth::Revocations& revocations) {
  // Without it a token has not signed, whoever says so (CVE-2026-39831).
  if (request.verified && key.is_security_key() && !(request.use && request.use->touched))
    return std::unexpected("the security key was not touched");
  if (const auto obstacle = revocations.obstacle(key); !obstacle.empty())
    return std::unexpected(std::string(obstacle));
  return Shown{key.text()};
}

// The server sees the certificate's line and is not asked to understand it (CVE-2026-46595).
Examined examine_certificate(const ssh::Certificate& certificate, const PublicKeyRequest& request,
                             const auth::Revocations& revocations) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto grant = ssh::check_user_certificate(certificate, now, request.client.remote_address);
  if (!grant) return std::unexpected(grant.error().detail);
  if (const auto missing = missing_proof(*grant, {.verified = request.verified, .use = request.use});
      !missing.empty())
    return std::unexpected(std::string(missing));
  if (const auto obstacle = revocations.obstacle(certificate); !obstacle.empty())
    return std::unexpected(std::string(obstacle));
  return Shown{std::string(certificate.type()) + " " + ssh::base64(certificate.blob()),
               auth::permissions_of(*grant)};
}

Examined examine(const PublicKeyRequest& request, const auth::Revocations& revocations) {
  if (const auto key = ssh::PublicKey::from_blob(request.key)) return examine_key(*key, request, revocations);
  const auto certificate = ssh::Certificate::from_blob(request.key);
  if (!certificate) return std::unexpected("malformed key");
  return examine_certificate(*certificate, request, revocations);
}

}  // namespace

auth::WebhookAuthenticator::Question WebhookVerdicts::question(const Client& client) const {
  return {.subject = {.connection_id = client.connection_id,
                      .remote_address = client.remote_address,
                      .remote_port = client.remote_port,
                      .client_version = client.identification,
                      .username = client.user},
          .log = log_};
}

Task<Answer> WebhookVerdicts::check_password(Webhooks webhooks, PasswordRequest request) const {
  if (!webhooks) co_return refuse("no such webhook");
  auto question = this->question(request.client);
  auth::Decision decision = co_await webhooks->password(std::move(question), std::move(request.password));
  Answer answer = answer_of(std::move(decision));
  co_return co_await authorize(std::move(webhooks), std::move(request.client), std::move(answer));
}

Task<auth::Decision> WebhookVerdicts::decide_key(Webhooks webhooks, const PublicKeyRequest& request,
                                                 std::string line) {
  KeyVerdicts::Question shown{request.client.user, request.key};
  const std::string& connection = request.client.connection_id;
  if (auto known = keys_.find(connection, shown)) co_return std::move(*known);
  auto question = this->question(request.client);
  auth::Decision decision = co_await webhooks->public_key(std::move(question), std::move(line));
  if (decision.verdict != ssh::Verdict::unavailable) keys_.keep(connection, std::move(shown), decision);
  co_return decision;
}

Task<Answer> WebhookVerdicts::check_public_key(Webhooks webhooks, PublicKeyRequest request) {
  if (!webhooks) co_return refuse("no such webhook");
  Examined shown = examine(request, webhooks->revocations());
  if (!shown) co_return refuse(shown.error());
  auth::Decision decision = co_await decide_key(webhooks, request, std::move(shown->line));
  if (!request.verified) {
    // CVE-2024-45337: a query is answered, and grants nothing.
    decision.permissions = {};
    decision.metadata = {};
    co_return answer_of(std::move(decision));
  }
  decision.permissions = std::move(shown->permissions);
  Answer answer = answer_of(std::move(decision));
  co_return co_await authorize(std::move(webhooks), std::move(request.client), std::move(answer));
}

Task<Answer> WebhookVerdicts::authorize(Webhooks webhooks, Client client, Answer answer) const {
  if (answer.verdict != ssh::Verdict::accepted || !webhooks || !webhooks->authorizes()) co_return answer;
  auto question = this->question(client);
  question.subject.metadata = std::move(answer.metadata);
  auth::Decision decision = co_await webhooks->authorize(std::move(question));
  if (decision.verdict != ssh::Verdict::accepted) {
    // Nothing of what was granted so far is left.
    answer = refuse(std::move(decision.reason));
    answer.verdict = decision.verdict;
    answer.proved = true;
    co_return answer;
  }
  answer.metadata = std::move(decision.metadata);
  co_return answer;
}

}  // namespace fairlead::keeper
