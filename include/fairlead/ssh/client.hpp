// SPDX-License-Identifier: Apache-2.0
// Public client API: connect() turns a TCP socket into an authenticated connection to an SSH server.
#pragma once

#include <fairlead/ssh/connection.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::ssh {

struct ClientConfig {
  std::string user;
  // Asked before anything secret is sent; an empty function refuses every server.
  std::function<bool(const PublicKey&)> accept_host_key;
  // Tried in this order: keys, then the password.
  std::vector<PrivateKey> keys;
  std::optional<std::string> password;
  std::string identification = "SSH-2.0-Fairlead";
  std::chrono::seconds login_deadline = limits::login_grace;
  // Empty lists mean the engine's defaults.
  std::vector<std::string> key_exchanges, host_key_algorithms, ciphers, macs;
  // Refuses peers that do not know strict key exchange (Terrapin, CVE-2023-48795). Old ones do not, and need
  // it only with chacha20-poly1305.
  bool require_strict_kex = false;
  std::uint64_t rekey_bytes = limits::rekey_bytes;
  std::chrono::seconds rekey_interval = limits::rekey_interval;  // 0: never by time

  // OpenSSH's UpdateHostKeys (PROTOCOL section 2.5): told with all keys that the server announces after the
  // login and, asked by us, has proved that it owns; the one that was accepted is among them if the server
  // still uses it. What types we do not know is left out. Empty: nobody is asked, nothing is proved. Called
  // on the connection's thread.
  std::function<void(const std::vector<PublicKey>& keys)> on_host_keys;
};

// Throws ConnectionError.
[[nodiscard]] Task<AcceptedConnection> connect(asio::ip::tcp::socket socket,
                                               std::shared_ptr<const ClientConfig> config);

}  // namespace fairlead::ssh
