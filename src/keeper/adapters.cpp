// SPDX-License-Identifier: Apache-2.0
// The engine's questions as messages to the keeper.
#include "keeper/adapters.hpp"

#include <utility>

namespace fairlead::keeper {
namespace {

using ssh::Task;
using ssh::Verdict;

class KeeperSigner final : public ssh::HostKeySigner {
 public:
  explicit KeeperSigner(std::shared_ptr<Keeper> keeper) : keeper_(std::move(keeper)) {}

  [[nodiscard]] std::vector<ssh::PublicKey> public_keys() const override { return keeper_->host_keys(); }

  [[nodiscard]] Task<ssh::Result<std::vector<std::byte>>> sign(std::size_t index, std::string algorithm,
                                                               std::vector<std::byte> data) override {
    SignatureRequest request;
    request.host_key = index;
    request.algorithm = std::move(algorithm);
    request.data = std::move(data);
    return keeper_->sign(std::move(request));
  }

 private:
  std::shared_ptr<Keeper> keeper_;
};

}  // namespace

std::shared_ptr<ssh::HostKeySigner> host_key_signer(std::shared_ptr<Keeper> keeper) {
  return std::make_shared<KeeperSigner>(std::move(keeper));
}

LoginAuthenticator::LoginAuthenticator(std::shared_ptr<Keeper> keeper, std::string connection_id,
                                       observe::Log log)
    : keeper_(std::move(keeper)), connection_id_(std::move(connection_id)), log_(std::move(log)) {}

LoginAuthenticator::~LoginAuthenticator() {
  keeper_->forget(connection_id_);
}

std::vector<std::string> LoginAuthenticator::methods() const {
  return keeper_->auth_methods();
}

std::vector<std::string> LoginAuthenticator::next_methods(const ssh::AuthContext& /*context*/) const {
  return next_methods_;
}

Client LoginAuthenticator::client(const ssh::AuthContext& context) const {
  Client client;
  client.connection_id = connection_id_;
  client.user = context.user;
  client.remote_address = context.remote_address;
  client.remote_port = context.remote_port;
  client.identification = context.client_identification;
  return client;
}

Task<Verdict> LoginAuthenticator::password(const ssh::AuthContext& context, ssh::Bytes password) {
  PasswordRequest request;
  request.client = client(context);
  request.password = ssh::to_secret(password);
  Answer answer = co_await keeper_->check_password(std::move(request));
  co_return conclude(context, "password", std::move(answer));
}

Task<Verdict> LoginAuthenticator::keyboard_interactive(const ssh::AuthContext& context,
                                                       ssh::Prompter& prompter) {
  std::optional<std::vector<ssh::SecretBytes>> answers;
  for (;;) {
    DialogueRequest request;
    request.client = client(context);
    request.answers = std::exchange(answers, std::nullopt);
    DialogueAnswer turn = co_await keeper_->converse(std::move(request));
    if (!turn.prompts) co_return conclude(context, "keyboard-interactive", std::move(turn.answer));
    const std::vector<ssh::Bytes> typed = co_await prompter.ask(std::move(*turn.prompts));
    answers.emplace();
    for (const ssh::Bytes answer : typed) answers->push_back(ssh::to_secret(answer));
  }
}

Task<Verdict> LoginAuthenticator::public_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                             bool verified) {
  PublicKeyRequest request;
  request.verified = verified;
  return check_key(context, key, std::move(request));
}

Task<Verdict> LoginAuthenticator::security_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                               ssh::SecurityKeyUse use) {
  PublicKeyRequest request;
  request.verified = true;
  request.use = use;
  return check_key(context, key, std::move(request));
}

Task<Verdict> LoginAuthenticator::check_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                            PublicKeyRequest request) {
  request.client = client(context);
  request.key.assign(key.blob().begin(), key.blob().end());
  const bool verified = request.verified;
  Answer answer = co_await keeper_->check_public_key(std::move(request));
  if (verified) co_return conclude(context, "publickey", std::move(answer), key.fingerprint());
  // An accepted query is no login yet, and clients ask for each key they have.
  if (answer.verdict == Verdict::refused) log_attempt(context, "publickey", answer, key.fingerprint());
  co_return answer.verdict;
}

Verdict LoginAuthenticator::conclude(const ssh::AuthContext& context, std::string_view method, Answer answer,
                                     std::string fingerprint) {
  log_attempt(context, method, answer, std::move(fingerprint));
  if (answer.verdict == Verdict::accepted) permissions_ = std::move(answer.permissions);
  if (answer.verdict == Verdict::partial) next_methods_ = std::move(answer.next_methods);
  return answer.verdict;
}

void LoginAuthenticator::log_attempt(const ssh::AuthContext& context, std::string_view method,
                                     const Answer& answer, std::string fingerprint) const {
  std::vector<observe::Label> labels{{"authtype", std::string(method)}, {"providedUsername", context.user}};
  if (!fingerprint.empty()) labels.push_back({"fingerprint", std::move(fingerprint)});
  if (answer.verdict == Verdict::accepted)
    return log_.info("SSH_AUTH_SUCCESSFUL", "The credentials were accepted", std::move(labels));
  if (answer.verdict == Verdict::partial)
    return log_.info("SSH_AUTH_PARTIAL", "The credentials were right, others are needed too",
                     std::move(labels));
  labels.push_back({"reason", answer.reason});
  log_.info("SSH_AUTH_FAILED", "The credentials were refused", std::move(labels));
}

}  // namespace fairlead::keeper
