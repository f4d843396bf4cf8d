// SPDX-License-Identifier: Apache-2.0
// The events of a connection that somebody has to be asked about: signatures, host keys, authentication.
#pragma once

#include "protocol/engine.hpp"

#include <fairlead/ssh/async.hpp>

namespace fairlead::ssh {

// Lives as long as its connection, since new keys need signatures too. While handle() runs nothing is
// received.
class Login {
 public:
  virtual ~Login() = default;

  // `event` lives until this is done; what it points to is gone at the first suspension: copy it before.
  [[nodiscard]] virtual Task<> handle(EngineEvent& event) = 0;
  // Whether handle() gets this global request too, and not the application.
  [[nodiscard]] virtual bool answers(std::string_view) const noexcept { return false; }
  // The connection has ended: what handle() waits for is not wanted any more.
  virtual void interrupt() noexcept {}
  // The user is authenticated.
  [[nodiscard]] virtual bool done() const noexcept = 0;
};

// What handle() returns for an event that is dealt with already.
inline Task<> nothing_to_wait_for() {
  co_return;
}

}  // namespace fairlead::ssh
