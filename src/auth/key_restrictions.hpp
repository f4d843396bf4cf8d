// SPDX-License-Identifier: Apache-2.0
// What an authorized_keys line allows its key (sshd(8), AUTHORIZED_KEYS FILE FORMAT), and whether it applies
// now.
#pragma once

#include <chrono>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::auth {

// What a login may do; everything, unless a key's options say less.
struct Permissions {
  std::optional<std::string> forced_command;  // runs instead of whatever the client asks for
  std::map<std::string, std::string> environment;
  bool pty = true;
  bool port_forwarding = true;  // direct-tcpip, tcpip-forward and the streamlocal ones
  bool agent_forwarding = true;
  bool x11_forwarding = true;

  friend bool operator==(const Permissions&, const Permissions&) = default;
};

struct KeyRestrictions {
  Permissions permissions;
  std::vector<std::string> from;  // patterns of addresses; empty: from anywhere
  std::optional<std::chrono::system_clock::time_point> expires;
};

// The options field of a line. An option that we could not honour is an error with its reason, so that the
// key can be refused: never is a restriction dropped.
[[nodiscard]] std::expected<KeyRestrictions, std::string> parse_key_options(std::string_view options);

// Whether a key with these restrictions may be used from `address` (without port) at `now`.
[[nodiscard]] bool applies(const KeyRestrictions& restrictions, std::string_view address,
                           std::chrono::system_clock::time_point now);

// A pattern of from=: an address or CIDR block, or a name with * and ?, compared with the address as text.
// Empty: not usable here (host names need a resolver that a login must not wait for).
[[nodiscard]] std::optional<bool> address_matches(std::string_view pattern, std::string_view address);

}  // namespace fairlead::auth
