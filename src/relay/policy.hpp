// SPDX-License-Identifier: Apache-2.0
// What may pass the relay: one pure function for everything that either side asks for. What is not named is
// refused.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/channel_types.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

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

struct NameHash : std::hash<std::string_view> {
  using is_transparent = void;
};
using NameSet = std::unordered_set<std::string, NameHash, std::equal_to<>>;

// All names but the listed ones, or only those. Compared exactly.
struct Names {
  bool others = true;
  NameSet listed{};

  [[nodiscard]] bool allows(std::string_view name) const { return listed.contains(name) != others; }
};

// What a login may do; made by make_policy.hpp.
struct Policy {
  std::size_t max_sessions = SIZE_MAX;  // open at the same time
  bool pty = true;
  bool shell = true;
  Names variables{}, commands{}, subsystems{}, signals{};
  // Runs instead of what the client asks for, which the program finds in SSH_ORIGINAL_COMMAND (core.md
  // section 8.3).
  std::optional<std::string> forced_command = std::nullopt;
};

// Of which a client can set none (core.md W8.5): what forces a command sets it.
inline constexpr std::string_view original_command = "SSH_ORIGINAL_COMMAND";

struct Decision {
  bool allowed = false;
  ssh::OpenFailure reason = ssh::OpenFailure::administratively_prohibited;  // of a refused open_channel
  // A fixed sentence, for the peer where it can be told; empty when nobody knows what was asked for.
  std::string_view text = {};
  std::string_view code = {};  // of the rule's log line (codes.md); empty when no rule refused it
};

[[nodiscard]] Decision allow(const Policy& policy, const Question& question);

}  // namespace fairlead::relay
