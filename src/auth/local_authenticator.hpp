// SPDX-License-Identifier: Apache-2.0
// Authentication method `local`: passwords, keys, CAs and one-time codes of the users file.
#pragma once

#include "auth/decision.hpp"
#include "auth/password_checker.hpp"
#include "auth/totp_checker.hpp"
#include "auth/users_file.hpp"

#include <fairlead/ssh/auth.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::auth {

// Says of each factor whether it is right; what that means for the login is MethodProgress's to say.
// Thread-safe: serves every connection.
class LocalAuthenticator {
 public:
  // `checker` outlives this object.
  LocalAuthenticator(std::shared_ptr<const Users> users, PasswordChecker& checker);

  // Takes effect with the next attempt; attempts that run end with the users they began with.
  void replace_users(std::shared_ptr<const Users> users);
  [[nodiscard]] std::shared_ptr<const Users> users() const;

  // Unavailable when too many passwords are being checked. The work is the same whether or not the user
  // exists or has a password.
  [[nodiscard]] ssh::Task<Decision> password(ssh::AuthContext context, ssh::SecretBytes password);
  // `use` is of a security key that has signed; without it a query is answered.
  [[nodiscard]] Decision public_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                    const std::optional<ssh::SecurityKeyUse>& use = {}) const;
  // Before the first login: used codes are kept in `file`, so that a restart forgets none. Empty, or a
  // sentence on why no code will be accepted.
  [[nodiscard]] std::string keep_used_codes(std::string file);
  // Of each code only the first use counts.
  [[nodiscard]] Decision totp(const ssh::AuthContext& context, ssh::Bytes code);

  [[nodiscard]] Decision certificate(const ssh::AuthContext& context, const ssh::Certificate& certificate,
                                     const ssh::CertificateProof& proof) const;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Users> users_;
  PasswordChecker& checker_;
  TotpChecker codes_;
};

}  // namespace fairlead::auth
