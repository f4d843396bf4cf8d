// SPDX-License-Identifier: Apache-2.0
// The client's side of a login: is it the right server, and what do we show it.
#pragma once

#include "ssh/connection_impl.hpp"
#include "ssh/login.hpp"

#include <fairlead/ssh/client.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace fairlead::ssh {

class ClientLogin final : public Login {
 public:
  // `connection` owns this object.
  ClientLogin(ConnectionImpl& connection, std::shared_ptr<const ClientConfig> config)
      : connection_(connection), config_(std::move(config)) {}

  [[nodiscard]] Task<> handle(EngineEvent& event) override;
  [[nodiscard]] bool answers(std::string_view request) const noexcept override;
  [[nodiscard]] bool done() const noexcept override { return done_; }

 private:
  // The next attempt that the server's `methods` allow; an empty list allows all. Ends the connection when
  // nothing is left.
  [[nodiscard]] Task<> attempt(std::string methods);
  [[nodiscard]] Task<> show_key(const PrivateKey& key, std::string algorithm);
  void learn_host_keys(const event::GlobalRequest& announcement);

  ConnectionImpl& connection_;
  const std::shared_ptr<const ClientConfig> config_;
  std::size_t next_key_ = 0, next_algorithm_ = 0;
  bool asked_ = false, password_shown_ = false;
  unsigned host_key_updates_ = 0;
  bool done_ = false;
};

}  // namespace fairlead::ssh
