// SPDX-License-Identifier: Apache-2.0
// The keeper in this process: private host keys and the users file.
#pragma once

#include "auth/local_authenticator.hpp"
#include "auth/webhook_authenticator.hpp"
#include "config/config.hpp"
#include "keeper/keeper.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/server.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::keeper {

// Who vouches for people. Either may be null when no method needs it.
struct Providers {
  Providers(std::shared_ptr<const auth::Users> local_users,  // NOLINT: most have nothing else
            std::shared_ptr<const auth::WebhookAuthenticator> servers = nullptr)
      : users(std::move(local_users)), webhooks(std::move(servers)) {}

  std::shared_ptr<const auth::Users> users;
  std::shared_ptr<const auth::WebhookAuthenticator> webhooks;
};

// Destroy it after the last connection has ended and before the io_contexts it was used on.
class LocalKeeper final : public Keeper {
 public:
  // `auth` says which methods are offered, and who decides about each. `log` tells of webhooks.
  LocalKeeper(std::vector<ssh::PrivateKey> host_keys, const config::Auth& auth, Providers providers,
              observe::Log log = {});
  ~LocalKeeper() override;

  // See auth::LocalAuthenticator.
  [[nodiscard]] std::string keep_used_codes(std::string file);
  // SIGHUP: both take effect with the next attempt. Host keys stay until a restart.
  void reload(const config::Auth& auth, Providers providers);
  // Shown by connections that begin from now on.
  void replace_host_certificates(std::vector<ssh::Certificate> certificates);
  // What is in force for a login under this name.
  [[nodiscard]] std::shared_ptr<const auth::Users> users() const;

  [[nodiscard]] std::vector<ssh::PublicKey> host_keys() const override;
  [[nodiscard]] std::vector<ssh::Certificate> host_certificates() const override;
  [[nodiscard]] std::vector<std::string> auth_methods() const override;
  [[nodiscard]] ssh::Task<ssh::Result<std::vector<std::byte>>> sign(SignatureRequest request) override;
  [[nodiscard]] ssh::Task<Answer> check_password(PasswordRequest request) override;
  [[nodiscard]] ssh::Task<Answer> check_public_key(PublicKeyRequest request) override;
  [[nodiscard]] ssh::Task<DialogueAnswer> converse(DialogueRequest request) override;
  void forget(const std::string& connection_id) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::keeper
