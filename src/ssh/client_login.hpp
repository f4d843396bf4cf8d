// SPDX-License-Identifier: Apache-2.0
// The client's side of a login: is it the right server, and what do we show it.
#pragma once

#include "ssh/connection_impl.hpp"
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
  [[nodiscard]] bool done() const noexcept override { return done_; }

 private:
  // The next attempt that the server's `methods` allow; an empty list allows all. Ends the connection when
  // nothing is left.
  [[nodiscard]] Task<> attempt(std::string methods);
  // A key, or one of its certificates.
  struct Identity {
    PrivateKey key;
    std::optional<Certificate> certificate;
  };
  [[nodiscard]] bool trusts(const event::HostKeyOffered& offered) const;
  [[nodiscard]] Task<> show_key(const Identity& identity, std::string algorithm);
  void learn_host_keys(const event::GlobalRequest& announcement);

  ConnectionImpl& connection_;
  const std::shared_ptr<const ClientConfig> config_;
  std::vector<Identity> identities_;
  std::size_t next_identity_ = 0, next_algorithm_ = 0;
  bool asked_ = false, password_shown_ = false;
  unsigned host_key_updates_ = 0;
  bool done_ = false;
};

}  // namespace fairlead::ssh
