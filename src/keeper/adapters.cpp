// SPDX-License-Identifier: Apache-2.0
// The engine's questions as messages to the keeper.
#include "keeper/adapters.hpp"

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <algorithm>
#include <exception>
#include <iterator>
#include <new>
#include <utility>

namespace fairlead::keeper {
namespace {

using ssh::Task;
using ssh::Verdict;

class KeeperSigner final : public ssh::HostKeySigner {
 public:
  explicit KeeperSigner(std::shared_ptr<Keeper> keeper) : keeper_(std::move(keeper)) {}

  [[nodiscard]] std::vector<ssh::PublicKey> public_keys() const override { return keeper_->host_keys(); }
  [[nodiscard]] std::vector<ssh::Certificate> certificates() const override {
    return keeper_->host_certificates();
  }

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

std::vector<observe::Label> labels_of(const ssh::PublicKey& key) {
  return {{"fingerprint", key.fingerprint()}};
}
// Serials take all 64 bits, so they are logged as text.
std::vector<observe::Label> labels_of(const ssh::Certificate& certificate) {
  return {{"fingerprint", certificate.key().fingerprint()},
          {"certificateId", certificate.key_id()},
          {"certificateSerial", std::to_string(certificate.serial())},
          {"certificateAuthority", certificate.authority().fingerprint()}};
}

Answer& verdict_in(Answer& answer) {
  return answer;
}
Answer& verdict_in(DialogueAnswer& turn) {
  return turn.answer;
}

// UA-19: a keeper that throws has not decided.
template <class T>
Task<T> ask(Task<T> asking) {
  T answer;
  try {
    answer = co_await std::move(asking);
  } catch (const boost::system::system_error& failure) {
    if (failure.code() == boost::asio::error::operation_aborted) throw;  // nobody wants to know any more
    verdict_in(answer) = outage(failure.what());
  } catch (const std::bad_alloc&) {
    throw;  // TH-7: the connection ends
  } catch (const std::exception& failure) {
    verdict_in(answer) = outage(failure.what());
  }
  co_return answer;
}

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
  Answer answer = co_await ask(keeper_->check_password(std::move(request)));
  co_return conclude(context, "password", std::move(answer));
}

Task<Verdict> LoginAuthenticator::keyboard_interactive(const ssh::AuthContext& context,
                                                       ssh::Prompter& prompter) {
  std::optional<std::vector<ssh::SecretBytes>> answers;
  for (;;) {
    DialogueRequest request;
    request.client = client(context);
    request.answers = std::exchange(answers, std::nullopt);
    DialogueAnswer turn = co_await ask(keeper_->converse(std::move(request)));
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
  request.key.assign(key.blob().begin(), key.blob().end());
  return check_key(context, std::move(request), labels_of(key));
}

Task<Verdict> LoginAuthenticator::security_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                               ssh::SecurityKeyUse use) {
  PublicKeyRequest request;
  request.verified = true;
  request.use = use;
  request.key.assign(key.blob().begin(), key.blob().end());
  return check_key(context, std::move(request), labels_of(key));
}

Task<Verdict> LoginAuthenticator::check_key(const ssh::AuthContext& context, PublicKeyRequest request,
                                            std::vector<observe::Label> details) {
  request.client = client(context);
  const bool verified = request.verified;
  Answer answer = co_await ask(keeper_->check_public_key(std::move(request)));
  if (verified) co_return conclude(context, "publickey", std::move(answer), std::move(details));
  // An accepted query is no login yet, and clients ask for each key they have.
  if (answer.verdict != Verdict::accepted) log_attempt(context, "publickey", answer, std::move(details));
  co_return answer.verdict;
}

Verdict LoginAuthenticator::conclude(const ssh::AuthContext& context, std::string_view method, Answer answer,
                                     std::vector<observe::Label> details) {
  log_attempt(context, method, answer, std::move(details));
  if (answer.verdict == Verdict::accepted) {
    permissions_ = std::move(answer.permissions);
    metadata_ = std::move(answer.metadata);
  }
  if (answer.verdict == Verdict::partial) next_methods_ = std::move(answer.next_methods);
  // A client can tell an attempt that does not count from one that does, and would know that it was right.
  if (answer.verdict == Verdict::unavailable && answer.proved) return Verdict::refused;
  return answer.verdict;
}

Task<Verdict> LoginAuthenticator::certificate(const ssh::AuthContext& context,
                                              const ssh::Certificate& certificate,
                                              const ssh::CertificateProof& proof) {
  PublicKeyRequest request;
  request.verified = proof.verified;
  request.use = proof.use;
  request.key.assign(certificate.blob().begin(), certificate.blob().end());
  return check_key(context, std::move(request), labels_of(certificate));
}

std::string LoginAuthenticator::explanation(const ssh::AuthContext& /*context*/) {
  if (apology_ != Apology::due) return {};
  apology_ = Apology::made;
  return "Authentication is currently unavailable, please try again later.\n";
}

// The engine logs it.
void LoginAuthenticator::refused(const ssh::AuthContext& /*context*/, ssh::LoginRefusal why) {
  if (why != ssh::LoginRefusal::method) refused_somebody_ = true;
}

void LoginAuthenticator::log_attempt(const ssh::AuthContext& context, std::string_view method,
                                     const Answer& answer, std::vector<observe::Label> details) {
  std::vector<observe::Label> labels{{"authtype", std::string(method)}, {"providedUsername", context.user}};
  std::ranges::move(details, std::back_inserter(labels));
  if (answer.verdict == Verdict::accepted)
    return log_.info("SSH_AUTH_SUCCESSFUL", "The credentials were accepted", std::move(labels));
  if (answer.verdict == Verdict::partial)
    return log_.info("SSH_AUTH_PARTIAL", "The credentials were right, others are needed too",
                     std::move(labels));
  labels.push_back({"reason", answer.reason});
  if (answer.verdict == Verdict::unavailable) {
    met_outage_ = true;
    if (apology_ == Apology::none && !answer.proved) apology_ = Apology::due;
    return log_.info("SSH_AUTH_UNAVAILABLE", "Nobody could say whether the credentials are right",
                     std::move(labels));
  }
  refused_somebody_ = true;
  log_.info("SSH_AUTH_FAILED", "The credentials were refused", std::move(labels));
}

}  // namespace fairlead::keeper
