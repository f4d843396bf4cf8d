// SPDX-License-Identifier: Apache-2.0
// What may pass the relay: one pure function for everything that either side asks for. What is not named is
// refused.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/channel_types.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::relay {

// The box is hostile: whatever runs in it may have replaced our agent.
enum class Side : std::uint8_t { client, box };

enum class Ask : std::uint8_t { open_channel, channel_request, global_request };

struct Question {
  Side from;
  Ask ask;
  std::string_view name;  // channel type or request name
  ssh::Bytes payload;
  std::size_t open_sessions = 0;  // open_channel: those of this connection, without this one
};

struct Policy {
  std::size_t max_sessions = SIZE_MAX;  // open at the same time
  bool pty = true;
  // Runs instead of what the client asks for, which the program finds in SSH_ORIGINAL_COMMAND (core.md
  // section 8.3).
  std::optional<std::string> forced_command = std::nullopt;
};

struct Decision {
  bool allowed = false;
  ssh::OpenFailure reason = ssh::OpenFailure::administratively_prohibited;  // of a refused open_channel
  std::string text = {};  // for the peer: a fixed sentence, at most with the name of what was asked
};

[[nodiscard]] Decision allow(const Policy& policy, const Question& question);

}  // namespace fairlead::relay
