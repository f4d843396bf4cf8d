// SPDX-License-Identifier: Apache-2.0
// The algorithms this engine knows, best first: what the lists of ServerConfig and ClientConfig may name.
#pragma once

#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Names live as long as the program.
struct KnownAlgorithms {
  std::vector<std::string_view> key_exchanges;  // a client's default; a server's is without finite fields
  std::vector<std::string_view> host_keys;      // signature algorithms of host keys
  std::vector<std::string_view> user_keys;      // signature algorithms of logins: RFC 8308's server-sig-algs
  std::vector<std::string_view> ciphers;        // those with "gcm" or "poly1305" in their name need no MAC
  std::vector<std::string_view> macs;
};
[[nodiscard]] KnownAlgorithms known_algorithms();

}  // namespace fairlead::ssh
