// SPDX-License-Identifier: Apache-2.0
// The server's side of a login: host key signatures and the questions to the Authenticator.
#pragma once

#include "ssh/connection_impl.hpp"
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

  [[nodiscard]] Task<> handle(EngineEvent event) override;
  [[nodiscard]] bool done() const noexcept override { return done_; }
  // Who has logged in; once.
  [[nodiscard]] LoginInfo take_info() noexcept { return std::move(info_); }

 private:
  [[nodiscard]] Task<> sign(event::SignatureWanted wanted);
  [[nodiscard]] Task<> decide(event::AuthAttempt attempt);
  [[nodiscard]] Task<Verdict> ask(const event::AuthAttempt& attempt, SecretBytes password);
  void answer(const event::AuthAttempt& attempt, Verdict verdict);
  [[nodiscard]] Task<> delay_refusal(std::string_view user, Engine::Clock::time_point asked);
  void tell(std::string_view event, std::string_view detail) const;

  ConnectionImpl& connection_;
  const std::shared_ptr<const ServerConfig> config_;
  AuthContext context_;
  LoginInfo info_;
  bool done_ = false;
};

}  // namespace fairlead::ssh
