// SPDX-License-Identifier: Apache-2.0
// The users file (docs/configuration.md): who may log in, with what, and with which settings of their own.
#pragma once

#include "auth/key_restrictions.hpp"
#include "auth/revocations.hpp"
#include "auth/totp.hpp"
#include "config/load.hpp"

#include <fairlead/ssh/keys.hpp>

#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::auth {

struct AuthorizedKey {
  ssh::PublicKey key;
  KeyRestrictions restrictions;
};

struct User {
  // Whose certificates are this user's; unset: those that name the user.
  std::optional<std::vector<std::string>> principals;
  std::string password_hash;  // crypt(3); empty: no password login
  std::vector<AuthorizedKey> keys;
  std::optional<Totp> totp;
  std::vector<config::MethodChain> methods;      // any one of these lets the user in
  std::shared_ptr<const config::Config> config;  // never null: the base, or a copy with this user's settings
};

// Immutable: a reload makes a new one, and a wrong file makes none, so that the old one stays in force.
class Users {
 public:
  // Reads base->auth.local_users_file and the key files it names, and the CAs and the revocation list that
  // base->auth names. Every user's settings are merged over
  // `base` and checked here, so that nothing is left to fail at login.
  [[nodiscard]] static std::expected<std::shared_ptr<const Users>, config::Errors> load(
      std::shared_ptr<const config::Config> base);
  // The same for text; `name` stands for the file in messages.
  [[nodiscard]] static std::expected<std::shared_ptr<const Users>, config::Errors> parse(
      std::string_view text, const std::string& name, std::shared_ptr<const config::Config> base);

  // Null for an unknown user; valid as long as this object.
  [[nodiscard]] const User* find(std::string_view name) const noexcept;
  // What is in force for a login under this name: the base for anyone unknown. Never null.
  [[nodiscard]] std::shared_ptr<const config::Config> config_for(std::string_view name) const;
  // What a login under this name takes: the base's for anyone unknown.
  [[nodiscard]] const std::vector<config::MethodChain>& methods_for(std::string_view name) const;
  // What some login begins with: offered to everybody, so that an offer says nothing about a user (UA-17).
  [[nodiscard]] std::set<config::Factor> first_factors() const;
  // A hash that costs as much as a real user's and admits nobody: checked for a user who has none (UA-17).
  [[nodiscard]] const std::string& decoy_hash(std::string_view name) const noexcept;

  // CAs whose certificates admit any user that they name.
  [[nodiscard]] const std::vector<ssh::PublicKey>& authorities() const noexcept { return authorities_; }
  [[nodiscard]] const Revocations& revocations() const noexcept { return revocations_; }

  // Every backend that a login may be sent to.
  [[nodiscard]] std::set<std::string> backends() const;
  [[nodiscard]] std::size_t size() const noexcept { return users_.size(); }
  // Keys in key files that grant nothing, with file, line and reason; what the operator should hear.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  Users() = default;
  friend class UsersReader;

  std::map<std::string, User, std::less<>> users_;
  std::shared_ptr<const config::Config> base_;
  std::vector<ssh::PublicKey> authorities_;
  Revocations revocations_;
  std::vector<std::string> decoys_;
  std::vector<std::string> warnings_;
};

}  // namespace fairlead::auth
