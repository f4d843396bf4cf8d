// SPDX-License-Identifier: Apache-2.0
// What the engine asks of its application, answered by a keeper.
#pragma once

#include "keeper/keeper.hpp"
#include "observe/log.hpp"

#include <fairlead/ssh/auth.hpp>
#include <fairlead/ssh/server.hpp>

#include <memory>
#include <string>
#include <vector>

namespace fairlead::keeper {

// One for all connections.
[[nodiscard]] std::shared_ptr<ssh::HostKeySigner> host_key_signer(std::shared_ptr<Keeper> keeper);

// One for each connection: it logs with the connection's labels and remembers what the login was granted.
class LoginAuthenticator final : public ssh::Authenticator {
 public:
  // `log` carries connectionId and remoteAddr.
  LoginAuthenticator(std::shared_ptr<Keeper> keeper, std::string connection_id, observe::Log log);
  ~LoginAuthenticator() override;
  LoginAuthenticator(const LoginAuthenticator&) = delete;
  LoginAuthenticator& operator=(const LoginAuthenticator&) = delete;

  // What the methods that led here grant together; a query or a refusal never changes it (CVE-2024-45337).
  // Ask after accept().
  [[nodiscard]] const auth::Permissions& permissions() const noexcept { return permissions_; }

  // Of those who vouched for the login that succeeded, and of nobody else.
  [[nodiscard]] const config::Metadata& metadata() const noexcept { return metadata_; }

  // Whether an attempt was refused that named a secret or a key: its sender guesses, or has the wrong key.
  [[nodiscard]] bool refused_somebody() const noexcept { return refused_somebody_; }
  // Whether nobody could say of an attempt whether it was right, which is not its sender's fault.
  [[nodiscard]] bool met_outage() const noexcept { return met_outage_; }

  [[nodiscard]] std::vector<std::string> methods() const override;
  [[nodiscard]] std::vector<std::string> next_methods(const ssh::AuthContext& context) const override;
  [[nodiscard]] ssh::Task<ssh::Verdict> password(const ssh::AuthContext& context,
                                                 ssh::Bytes password) override;
  [[nodiscard]] ssh::Task<ssh::Verdict> public_key(const ssh::AuthContext& context, const ssh::PublicKey& key,
                                                   bool verified) override;
  [[nodiscard]] ssh::Task<ssh::Verdict> security_key(const ssh::AuthContext& context,
                                                     const ssh::PublicKey& key,
                                                     ssh::SecurityKeyUse use) override;
  [[nodiscard]] ssh::Task<ssh::Verdict> keyboard_interactive(const ssh::AuthContext& context,
                                                             ssh::Prompter& prompter) override;

  [[nodiscard]] ssh::Task<ssh::Verdict> certificate(const ssh::AuthContext& context,
                                                    const ssh::Certificate& certificate,
                                                    const ssh::CertificateProof& proof) override;
  [[nodiscard]] std::string explanation(const ssh::AuthContext& context) override;
  void refused(const ssh::AuthContext& context, ssh::LoginRefusal why) override;

 private:
  [[nodiscard]] Client client(const ssh::AuthContext& context) const;
  [[nodiscard]] ssh::Task<ssh::Verdict> check_key(const ssh::AuthContext& context, PublicKeyRequest request,
                                                  std::vector<observe::Label> details);
  // Of every attempt that was more than a query. `details` say what was shown.
  [[nodiscard]] ssh::Verdict conclude(const ssh::AuthContext& context, std::string_view method, Answer answer,
                                      std::vector<observe::Label> details = {});
  void log_attempt(const ssh::AuthContext& context, std::string_view method, const Answer& answer,
                   std::vector<observe::Label> details);

  std::shared_ptr<Keeper> keeper_;
  std::string connection_id_;
  observe::Log log_;
  auth::Permissions permissions_;
  config::Metadata metadata_;
  std::vector<std::string> next_methods_;  // after the last `partial`
  bool refused_somebody_ = false;
  bool met_outage_ = false;
  // A sentence for a client whose attempt nobody could decide; once, for it may have six keys.
  enum class Apology : std::uint8_t { none, due, made };
  Apology apology_ = Apology::none;
};

}  // namespace fairlead::keeper
