// SPDX-License-Identifier: Apache-2.0
// The client's side of a login: is it the right server, and what do we show it.
#pragma once

#include "ssh/connection_impl.hpp"
#include "ssh/interruptible.hpp"
#include "ssh/login.hpp"

#include <fairlead/ssh/client.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

class ClientLogin final : public Login {
 public:
  // `connection` owns this object.
  ClientLogin(ConnectionImpl& connection, std::shared_ptr<const ClientConfig> config);

  [[nodiscard]] Task<> handle(EngineEvent& event) override;
  [[nodiscard]] bool answers(std::string_view request) const noexcept override;
  void interrupt() noexcept override { question_.interrupt(); }
  [[nodiscard]] bool done() const noexcept override { return done_; }

 private:
  // The next attempt that the server's `methods` allow; an empty list allows all. Ends the connection when
  // nothing is left.
  [[nodiscard]] Task<> attempt(std::string methods);
  // A key, or one of its certificates.
  struct Identity {
    PrivateKey key;
    std::optional<Certificate> certificate;

    [[nodiscard]] std::vector<std::string_view> algorithms() const;
    // What signs under the name of one of them.
    [[nodiscard]] std::string_view signature(std::string_view algorithm) const noexcept;
  };
  [[nodiscard]] bool trusts(const event::HostKeyOffered& offered) const;
  [[nodiscard]] Task<> show_key(const Identity& identity, std::string algorithm);
  [[nodiscard]] Task<> on_failed(std::string methods, bool partial_success);
  // Beside the reader, which hears meanwhile when the server gives up. `self` owns this object.
  void answer(PromptRound round);
  [[nodiscard]] Task<> ask_and_answer(std::shared_ptr<ConnectionImpl> self, PromptRound round);
  [[nodiscard]] std::vector<std::string_view> algorithms_for(const Identity& identity) const;
  void learn_host_keys(const event::GlobalRequest& announcement);

  ConnectionImpl& connection_;
  const std::shared_ptr<const ClientConfig> config_;
  std::vector<Identity> identities_;
  std::size_t next_identity_ = 0, next_algorithm_ = 0;
  std::optional<std::size_t> spent_identity_;  // has been right
  bool asked_ = false, password_shown_ = false, prompts_tried_ = false;
  enum class Shown : std::uint8_t { nothing, key, password, prompts } shown_ = Shown::nothing;
  std::string methods_;  // that can continue, as the server said last
  unsigned successes_ = 0;
  unsigned host_key_updates_ = 0;
  Interruptible question_;  // to whoever answers prompts
  bool done_ = false;
};

}  // namespace fairlead::ssh
