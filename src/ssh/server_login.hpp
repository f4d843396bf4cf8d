// SPDX-License-Identifier: Apache-2.0
// The server's side of a login: host key signatures and the questions to the Authenticator.
#pragma once

#include "ssh/connection_impl.hpp"
#include "ssh/interruptible.hpp"
#include "ssh/login.hpp"

#include <fairlead/ssh/server.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace fairlead::ssh {

class ServerLogin final : public Login {
 public:
  // `connection` owns this object.
  ServerLogin(ConnectionImpl& connection, std::shared_ptr<const ServerConfig> config,
              const asio::ip::tcp::endpoint& client);

  [[nodiscard]] Task<> handle(EngineEvent& event) override;
  [[nodiscard]] bool answers(std::string_view request) const noexcept override;
  void interrupt() override { question_.interrupt(); }
  [[nodiscard]] bool done() const noexcept override { return done_; }
  // Right after the login: tells the client all host keys.
  void announce_host_keys();
  // Who has logged in; once.
  [[nodiscard]] LoginInfo take_info() noexcept { return std::move(info_); }

 private:
  [[nodiscard]] Task<> sign(event::SignatureWanted wanted);
  [[nodiscard]] Task<> prove(event::GlobalRequest request);
  [[nodiscard]] Task<> decide(event::AuthAttempt attempt);
  [[nodiscard]] Task<Verdict> ask(const event::AuthAttempt& attempt, SecretBytes password);
  [[nodiscard]] Task<Verdict> ask_about_certificate(const event::AuthAttempt& attempt);
  void answer(const event::AuthAttempt& attempt, Verdict verdict);
  [[nodiscard]] Task<> delay_refusal(std::string_view user, Engine::Clock::time_point asked);
  void tell(std::string_view event, std::string_view detail) const;

  ConnectionImpl& connection_;
  const std::shared_ptr<const ServerConfig> config_;
  AuthContext context_;
  LoginInfo info_;
  Interruptible question_;  // to the keys' owner or to the authenticator
  unsigned proofs_ = 0;
  bool done_ = false;
};

}  // namespace fairlead::ssh
