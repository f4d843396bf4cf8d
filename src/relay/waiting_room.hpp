// SPDX-License-Identifier: Apache-2.0
// A session whose client was let in before its box is there, because there is something to tell meanwhile.
//
//   client ── pty-req, env ──► answered by the policy, kept for the agent ──┐
//          ── shell, exec, subsystem ──► waits for the box ─────────────────┴─► the relay, in this order
//          ◄── progress on standard error, if it has a terminal
#pragma once

#include "relay/box_gate.hpp"
#include "relay/policy.hpp"

#include <deque>
#include <memory>

namespace fairlead::relay {

struct Waited {
  // In the client's order. Only the last one, which wants something of the box, is not answered yet; it is
  // missing when the client has closed the session.
  std::deque<ssh::Request> asked;
  bool terminal = false;  // it was granted one
  bool left = false;
};

// Until the box is there, or will not be, and the client wants something of it, or has left. What it asks for
// beyond relay/limits.hpp is refused. Never throws for what the client does.
[[nodiscard]] ssh::Task<Waited> wait_for_box(std::shared_ptr<BoxGate> gate,
                                             std::shared_ptr<const Policy> policy,
                                             ssh::OpenedChannel& client);

}  // namespace fairlead::relay
