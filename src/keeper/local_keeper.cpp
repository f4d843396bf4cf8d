// SPDX-License-Identifier: Apache-2.0
// Answers requests from what this process holds.
#include "keeper/local_keeper.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace fairlead::keeper {
namespace {

// Half of the machine: a flood of passwords must leave room for the sessions that run.
unsigned checker_threads() {
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

ssh::AuthContext context_of(const Client& client) {
  ssh::AuthContext context;
  context.user = client.user;
  context.remote_address = client.remote_address;
  context.remote_port = client.remote_port;
  context.client_identification = client.identification;
  return context;
}

auth::Decision refuse(const char* reason) {
  return {ssh::Verdict::refused, {}, reason};
}

}  // namespace

struct LocalKeeper::Impl {
  Impl(std::vector<ssh::PrivateKey> keys, config::Auth auth, std::shared_ptr<const auth::Users> users)
      : host_keys(ssh::local_host_keys(std::move(keys))),
        checker(checker_threads()),
        local(std::move(users), checker),
        methods(std::move(auth)) {}

  std::shared_ptr<ssh::HostKeySigner> host_keys;
  auth::PasswordChecker checker;
  auth::LocalAuthenticator local;
  mutable std::mutex mutex;
  config::Auth methods;
  std::vector<ssh::Certificate> host_certificates;

  // About a key alone, or in a certificate.
  [[nodiscard]] auth::Decision decide(const PublicKeyRequest& request) const;

  [[nodiscard]] config::Auth current() const {
    const std::lock_guard lock(mutex);
    return methods;
  }
};

LocalKeeper::LocalKeeper(std::vector<ssh::PrivateKey> host_keys, const config::Auth& auth,
                         std::shared_ptr<const auth::Users> users)
    : impl_(std::make_unique<Impl>(std::move(host_keys), auth, std::move(users))) {}
LocalKeeper::~LocalKeeper() = default;

void LocalKeeper::reload(const config::Auth& auth, std::shared_ptr<const auth::Users> users) {
  impl_->local.replace_users(std::move(users));
  const std::lock_guard lock(impl_->mutex);
  impl_->methods = auth;
}

void LocalKeeper::replace_host_certificates(std::vector<ssh::Certificate> certificates) {
  const std::lock_guard lock(impl_->mutex);
  impl_->host_certificates.swap(certificates);
}

std::shared_ptr<const auth::Users> LocalKeeper::users() const {
  return impl_->local.users();
}

std::vector<ssh::PublicKey> LocalKeeper::host_keys() const {
  return impl_->host_keys->public_keys();
}

std::vector<ssh::Certificate> LocalKeeper::host_certificates() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->host_certificates;
}

std::vector<std::string> LocalKeeper::auth_methods() const {
  const config::Auth auth = impl_->current();
  std::vector<std::string> methods;
  if (auth.public_key_method == "local") methods.emplace_back("publickey");
  if (auth.password_method == "local") methods.emplace_back("password");
  return methods;
}

ssh::Task<ssh::Result<std::vector<std::byte>>> LocalKeeper::sign(SignatureRequest request) {
  if (request.host_key >= impl_->host_keys->public_keys().size())
    co_return ssh::failure(ssh::Errc::bad_key, "no such host key");
  co_return co_await impl_->host_keys->sign(request.host_key, std::move(request.algorithm),
                                            std::move(request.data));
}

ssh::Task<auth::Decision> LocalKeeper::check_password(PasswordRequest request) {
  if (impl_->current().password_method != "local") co_return refuse("passwords are not accepted");
  ssh::AuthContext context = context_of(request.client);
  co_return co_await impl_->local.password(std::move(context), std::move(request.password));
}

auth::Decision LocalKeeper::Impl::decide(const PublicKeyRequest& request) const {
  const ssh::AuthContext context = context_of(request.client);
  // Without it a token has not signed, whoever says so.
  const auto signs = [&](const ssh::PublicKey& key) {
    return !request.verified || !key.is_security_key() || request.use.has_value();
  };
  if (const auto key = ssh::PublicKey::from_blob(request.key))
    return signs(*key) ? local.public_key(context, *key, request.use) : refuse("nothing was signed");
  const auto certificate = ssh::Certificate::from_blob(request.key);
  if (!certificate) return refuse("malformed key");
  if (!signs(certificate->key())) return refuse("nothing was signed");
  return local.certificate(context, *certificate, {.verified = request.verified, .use = request.use});
}

ssh::Task<auth::Decision> LocalKeeper::check_public_key(PublicKeyRequest request) {
  if (impl_->current().public_key_method != "local") co_return refuse("keys are not accepted");
  auth::Decision decision = impl_->decide(request);
  if (!request.verified) decision.permissions = {};
  co_return decision;
}

}  // namespace fairlead::keeper
