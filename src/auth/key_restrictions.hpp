// SPDX-License-Identifier: Apache-2.0
// What an authorized_keys line allows its key (sshd(8), AUTHORIZED_KEYS FILE FORMAT), and whether it applies
// now.
#pragma once

#include "auth/address_patterns.hpp"
#include "crypto/authorized_keys.hpp"

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
  // The key is a CA's: it admits nobody by itself but vouches for certificates, of these principals when they
  // are given.
  bool authority = false;
  std::optional<std::vector<std::string>> principals;
  Permissions permissions;
  std::optional<AddressPatterns> from;
  std::optional<std::chrono::sys_seconds> expires;  // nanoseconds would end in 2262
  // Of security keys alone.
  bool touch_required = true;
  bool verification_required = false;  // by a PIN or a fingerprint
};

// What the options of a line mean. One that we could not honour is an error with its reason, so that the key
// is refused: never is a restriction dropped.
[[nodiscard]] std::expected<KeyRestrictions, std::string> interpret(
    const std::vector<ssh::KeyOption>& options);

// Empty when a key with these restrictions may be used from `address` (without port) at `now`, else why not.
[[nodiscard]] std::string_view obstacle(const KeyRestrictions& restrictions, std::string_view address,
                                        std::chrono::sys_seconds now);

// The same for what the holder of a security key did for this signature.
[[nodiscard]] std::string_view obstacle(const KeyRestrictions& restrictions,
                                        const ssh::SecurityKeyUse& use) noexcept;

}  // namespace fairlead::auth
