// SPDX-License-Identifier: Apache-2.0
// What an Engine is made of; shared by its two ways of coming into being (engine.cpp, secure_engine.cpp).
#pragma once

#include "protocol/connection_protocol.hpp"
#include "protocol/transport.hpp"
#include "protocol/user_auth.hpp"

#include <memory>

namespace fairlead::ssh {

struct Engine::Impl {
  std::shared_ptr<const EngineConfig> config;
  std::unique_ptr<Transport> transport;
  std::unique_ptr<UserAuth> user_auth;  // null for a link, and when it is over
  // Comes into being with authentication and in no other way (CVE-2018-10933, CVE-2025-32433).
  std::unique_ptr<ConnectionProtocol> connection;

  // Messages from 50 up, which the legality table has let pass.
  [[nodiscard]] Result<std::optional<EngineEvent>> on_message(MutableBytes payload, Clock::time_point now);

  void admit() {
    if (transport->authenticated() && !connection)
      connection = std::make_unique<ConnectionProtocol>(*config, *transport);
  }
};

}  // namespace fairlead::ssh
