// SPDX-License-Identifier: Apache-2.0
// The engine's questions as messages to the keeper.
#include "keeper/adapters.hpp"

#include <algorithm>
#include <iterator>
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

}  // namespace

std::shared_ptr<ssh::HostKeySigner> host_key_signer(std::shared_ptr<Keeper> keeper) {
  return std::make_shared<KeeperSigner>(std::move(keeper));
}

LoginAuthenticator::LoginAuthenticator(std::shared_ptr<Keeper> keeper, std::string connection_id,
                                       observe::Log log)
    : keeper_(std::move(keeper)), connection_id_(std::move(connection_id)), log_(std::move(log)) {}

std::vector<std::string> LoginAuthenticator::methods() const {
  return keeper_->auth_methods();
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
  const auth::Decision decision = co_await keeper_->check_password(std::move(request));
  log_attempt(context, "password", decision, {});
  if (decision.verdict == Verdict::accepted) permissions_ = decision.permissions;
  co_return decision.verdict;
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
  const auth::Decision decision = co_await keeper_->check_public_key(std::move(request));
  // An accepted query is no login yet, and clients ask for each key they have.
  if (verified || decision.verdict == Verdict::refused)
    log_attempt(context, "publickey", decision, std::move(details));
  if (verified && decision.verdict == Verdict::accepted) permissions_ = decision.permissions;
  co_return decision.verdict;
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

void LoginAuthenticator::log_attempt(const ssh::AuthContext& context, std::string_view method,
                                     const auth::Decision& decision, std::vector<observe::Label> details) {
  std::vector<observe::Label> labels{{"authtype", std::string(method)}, {"providedUsername", context.user}};
  std::ranges::move(details, std::back_inserter(labels));
  if (decision.verdict == Verdict::accepted) {
    log_.info("SSH_AUTH_SUCCESSFUL", "The credentials were accepted", std::move(labels));
    return;
  }
  refused_somebody_ = refused_somebody_ || decision.verdict == Verdict::refused;
  labels.push_back({"reason", decision.reason});
  log_.info("SSH_AUTH_FAILED", "The credentials were refused", std::move(labels));
}

}  // namespace fairlead::keeper
