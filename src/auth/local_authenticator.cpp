// SPDX-License-Identifier: Apache-2.0
// Verdicts by the users file.
#include "auth/local_authenticator.hpp"

#include "auth/user_certificates.hpp"

#include <chrono>
#include <utility>

namespace fairlead::auth {
namespace {

std::chrono::sys_seconds current_second() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace

LocalAuthenticator::LocalAuthenticator(std::shared_ptr<const Users> users, PasswordChecker& checker)
    : users_(std::move(users)), checker_(checker) {}

void LocalAuthenticator::replace_users(std::shared_ptr<const Users> users) {
  const std::lock_guard lock(mutex_);
  users_.swap(users);
}

std::shared_ptr<const Users> LocalAuthenticator::users() const {
  const std::lock_guard lock(mutex_);
  return users_;
}

ssh::Task<Decision> LocalAuthenticator::password(ssh::AuthContext context, ssh::SecretBytes password) {
  const std::shared_ptr<const Users> users = this->users();
  if (!users) co_return refused("there is no users file");
  const User* user = users->find(context.user);
  const bool possible = user != nullptr && !user->password_hash.empty();
  std::string hash = possible ? user->password_hash : users->decoy_hash(context.user);
  const auto answer = co_await checker_.check(std::move(password), std::move(hash));
  if (answer == PasswordChecker::Answer::busy) co_return unavailable("too many passwords are being checked");
  if (user == nullptr) co_return refused("unknown user");
  if (!possible) co_return refused("the user has no password");
  if (answer != PasswordChecker::Answer::right) co_return refused("wrong password");
  Decision decision;
  decision.verdict = ssh::Verdict::accepted;
  co_return decision;
}

Decision LocalAuthenticator::public_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                        const std::optional<ssh::SecurityKeyUse>& use) const {
  const std::shared_ptr<const Users> users = this->users();
  const User* user = users ? users->find(context.user) : nullptr;
  if (user == nullptr) return refused("unknown user");
  if (const auto obstacle = users->revocations().obstacle(key); !obstacle.empty())
    return refused(std::string(obstacle));
  std::string reason = "unknown key";
  for (const AuthorizedKey& entry : user->keys) {
    if (entry.restrictions.authority || !(entry.key == key)) continue;
    // The same key may stand there again with other restrictions.
    reason = obstacle(entry.restrictions, context.remote_address, current_second());
    if (reason.empty() && use) reason = obstacle(entry.restrictions, *use);
    if (reason.empty()) return {ssh::Verdict::accepted, entry.restrictions.permissions, {}};
  }
  return refused(std::move(reason));
}

Decision LocalAuthenticator::certificate(const ssh::AuthContext& context, const ssh::Certificate& certificate,
                                         const ssh::CertificateProof& proof) const {
  const std::shared_ptr<const Users> users = this->users();
  if (!users) return refused("there is no users file");
  return decide_certificate(*users, context, certificate, proof);
}

std::string LocalAuthenticator::keep_used_codes(std::string file) {
  codes_.keep_in(std::move(file));
  return codes_.problem();
}

Decision LocalAuthenticator::totp(const ssh::AuthContext& context, ssh::Bytes code) {
  const std::shared_ptr<const Users> users = this->users();
  const User* user = users ? users->find(context.user) : nullptr;
  if (user == nullptr || !user->totp) return refused("the user has no totp secret");
  switch (codes_.check(context.user, *user->totp, code, current_second())) {
    case TotpChecker::Answer::right:
      return {ssh::Verdict::accepted, {}, {}};
    case TotpChecker::Answer::used:
      return refused("the code was used already");
    case TotpChecker::Answer::blocked:
      return refused("too many wrong codes");
    case TotpChecker::Answer::unsafe:
      return refused(codes_.problem());
    case TotpChecker::Answer::wrong:
      break;
  }
  return refused("wrong code");
}

}  // namespace fairlead::auth
