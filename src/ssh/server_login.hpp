// SPDX-License-Identifier: Apache-2.0
// The server's side of a login: host key signatures and the questions to the Authenticator.
#pragma once

#include "ssh/connection_impl.hpp"
#include "ssh/dialogue.hpp"
#include "ssh/interruptible.hpp"
#include "ssh/login.hpp"

#include <fairlead/ssh/server.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Of `names` those that this server can carry out.
[[nodiscard]] std::vector<std::string> offered_methods(const ServerConfig& config,
                                                       std::vector<std::string> names);

class ServerLogin final : public Login {
 public:
  // `connection` owns this object.
  ServerLogin(ConnectionImpl& connection, std::shared_ptr<const ServerConfig> config,
              const asio::ip::tcp::endpoint& client);

  [[nodiscard]] Task<> handle(EngineEvent& event) override;
  [[nodiscard]] bool answers(std::string_view request) const noexcept override;
  void interrupt() noexcept override;
  [[nodiscard]] bool done() const noexcept override { return done_; }
  // Right after the login: tells the client all host keys.
  void announce_host_keys();
  // Who has logged in; once.
  [[nodiscard]] LoginInfo take_info() noexcept { return std::move(info_); }

 private:
  [[nodiscard]] Task<> sign(event::SignatureWanted wanted);
  [[nodiscard]] Task<> prove(event::GlobalRequest request);
  // Nothing: it goes on, and the client is next.
  using Outcome = std::optional<Verdict>;

  [[nodiscard]] Task<> decide(event::AuthAttempt attempt);
  [[nodiscard]] Task<Outcome> ask(event::AuthAttempt attempt, SecretBytes password);
  [[nodiscard]] Task<Outcome> ask_about_key(event::AuthAttempt attempt);
  [[nodiscard]] Task<Outcome> ask_about_certificate(event::AuthAttempt attempt);
  // The next step of the dialogue.
  [[nodiscard]] Task<Outcome> converse();
  [[nodiscard]] Task<Outcome> choose_mechanism(std::vector<Bytes> offered);
  [[nodiscard]] Task<Outcome> take_token(std::vector<std::byte> token);
  [[nodiscard]] Task<Outcome> take_mic(std::vector<std::byte> mic, std::vector<std::byte> message);
  // Waits for the outcome, whatever the method, and answers.
  [[nodiscard]] Task<> conclude(Task<Outcome> asking);
  void answer(Verdict verdict);
  void answer_right(Verdict verdict);
  void reject();
  // Whatever the verdict was, if it let nobody in.
  void reject_with_explanation(Verdict verdict);
  void end_dialogue() noexcept;
  void know(std::string_view user);
  // Nobody is asked.
  void tell_refusal(LoginRefusal why, std::string_view detail);
  [[nodiscard]] Task<> delay_refusal(std::string_view user, Engine::Clock::time_point asked);
  void tell_keys(event::KeysReady keys) const;
  void tell(std::string_view event, std::string_view detail) const;

  ConnectionImpl& connection_;
  const std::shared_ptr<const ServerConfig> config_;
  AuthContext context_;
  LoginInfo info_;
  // Of the attempt under way.
  struct {
    std::string_view method;
    std::string fingerprint;
    bool query = false;
  } attempt_;
  std::optional<Dialogue> dialogue_;
  std::unique_ptr<GssapiContext> gssapi_;
  GssapiFailure gssapi_failure_;
  Interruptible question_;  // to the keys' owner or to the authenticator
  unsigned proofs_ = 0;
  bool done_ = false;
};

}  // namespace fairlead::ssh
