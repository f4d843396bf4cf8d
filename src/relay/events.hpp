// SPDX-License-Identifier: Apache-2.0
// What happens on a relayed connection, as one typed stream: the log reads it, audit, metrics and live
// viewers will.
#pragma once

#include "relay/policy.hpp"

#include <cstdint>
#include <functional>
#include <string_view>
#include <variant>

namespace fairlead::relay {

// Views live as long as the call of the observer. Names and payloads are the peer's words.
struct ChannelOpened {
  std::uint32_t channel;
  std::string_view type;
};
struct ChannelRefused {
  std::string_view type, reason;
  std::string_view code;  // Decision::code
};
struct RequestSeen {
  Side from;
  std::uint32_t channel;
  std::string_view name;
  ssh::Bytes payload;
};
struct RequestAnswered {
  std::uint32_t channel;
  std::string_view name;
  bool success;
};
// By the policy; an answer follows.
struct RequestRefused {
  std::uint32_t channel;
  std::string_view name;
  ssh::Bytes payload;
  std::string_view reason, code;  // Decision's; the code is never empty
};
// The forced command takes the place of what was asked for.
struct CommandForced {
  std::uint32_t channel;
  std::string_view name;
  bool told;  // false: the program could not be told what was asked for, so that nothing is run
};
struct ProgramEnded {
  std::uint32_t channel;
  std::string_view how;  // "exit-status", "exit-signal" or "lost"
  ssh::Bytes payload;
};
struct ChannelEnded {
  std::uint32_t channel;
  std::uint64_t bytes_in, bytes_out;  // data of the client, data for the client
};
struct GlobalRequestSeen {
  Side from;
  std::string_view name;
};
// By the policy; an answer follows.
struct GlobalRequestRefused {
  std::string_view name;
  std::string_view reason, code;  // Decision's; the code is never empty
};

using RelayEvent =
    std::variant<ChannelOpened, ChannelRefused, RequestSeen, RequestRefused, CommandForced, RequestAnswered,
                 ProgramEnded, ChannelEnded, GlobalRequestSeen, GlobalRequestRefused>;
// Called on the connection's thread; must not block and must not throw.
using Observer = std::function<void(const RelayEvent&)>;

}  // namespace fairlead::relay
