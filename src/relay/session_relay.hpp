// SPDX-License-Identifier: Apache-2.0
// One session channel of the client joined with one of the agent: data, requests and the order of ends.
//
//   client ── requests ──► policy ──► agent         client ◄── stdout, stderr ── agent
//   client ── data, EOF ────────────► agent         client ◄── EOF, exit-status|exit-signal, CLOSE (in this
//   order)
//
// All output goes before EOF, EOF before the exit request, that before CLOSE (RFC 4254 section 6.10, design
// section 5). The client's EOF closes standard input and nothing else; its CLOSE closes the agent's channel,
// which ends the program. Credit for the peer's window is given when the other side has accepted the bytes:
// nothing is buffered here beyond one piece.
#pragma once

#include "relay/activity.hpp"
#include "relay/box_gate.hpp"
#include "relay/events.hpp"
#include "relay/notices.hpp"

#include <deque>
#include <memory>

namespace fairlead::relay {

struct SessionRelay {
  std::shared_ptr<backend::Box> box;
  std::shared_ptr<const Policy> policy;
  Observer observer;
  ssh::Connection client;  // whose session it is
  // Dropped when the client has closed the session: it may open another then, whatever the box still does.
  std::shared_ptr<void> place = {};
  std::shared_ptr<Notices::Listener> listener = {};  // perhaps null
  std::shared_ptr<Activity> activity = std::make_shared<Activity>();
  // What the client asked for before the box was there (waiting_room.hpp); comes before what it asks for now.
  std::deque<ssh::Request> asked = {};
};

// Runs until both channels are closed. Never throws for what either peer does.
[[nodiscard]] ssh::Task<> relay_session(SessionRelay context, ssh::OpenedChannel client,
                                        ssh::OpenedChannel agent);

}  // namespace fairlead::relay
