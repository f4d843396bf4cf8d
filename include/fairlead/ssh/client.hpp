// SPDX-License-Identifier: Apache-2.0
// Public client API: connect() turns a TCP socket into an authenticated connection to an SSH server.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/connection.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>
#include <fairlead/ssh/prompts.hpp>
#include <fairlead/ssh/revocation.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

struct ClientConfig {
  std::string user;
  // Asked before anything secret is sent; an empty function refuses every server.
  std::function<bool(const PublicKey&)> accept_host_key;
  // CAs whose host certificates are accepted without asking, when they are in force and for `host_name`, the
  // name by which the user knows the server. With a certificate of any other CA accept_host_key is asked
  // about the key in it.
  std::vector<PublicKey> host_authorities;
  std::string host_name;
  // OpenSSH's RevokedHostKeys: a server that shows one of these, or a certificate that they revoke, is
  // refused without asking. Whoever cannot read the list must not connect.
  RevocationList revoked_host_keys;
  // Tried in this order: keys, each after the certificates that are for it, then the password, then whatever
  // the server asks. When it wants several methods in a row (RFC 4252 section 5.1), each is shown in the
  // order in which it wants them.
  std::vector<PrivateKey> keys;
  std::vector<Certificate> certificates;
  std::optional<std::string> password;
  // keyboard-interactive: as many answers as prompts, else the method is given up. What the prompts say is
  // the server's text: escape it before it is shown. Empty: not tried.
  // It is cancelled when the connection ends before its answer.
  std::function<Task<std::vector<std::string>>(PromptRound round)> answer_prompts;
  // The server's words before the login (RFC 4252 section 5.4), its text too: escape it. May be empty.
  std::function<void(std::string_view text)> on_banner;
  std::string identification = "SSH-2.0-Fairlead";  // as ServerConfig::identification
  std::chrono::seconds login_deadline = limits::login_grace;
  // Empty lists mean the engine's defaults.
  std::vector<std::string> key_exchanges, host_key_algorithms, ciphers, macs;
  // Refuses peers that do not know strict key exchange (Terrapin, CVE-2023-48795). Old ones do not, and need
  // it only with chacha20-poly1305.
  bool require_strict_kex = false;
  std::size_t padding_unit = 0;  // as ServerConfig::padding_unit
  std::uint64_t rekey_bytes = limits::rekey_bytes;
  std::chrono::seconds rekey_interval = limits::rekey_interval;  // 0: never by time

  // OpenSSH's UpdateHostKeys (PROTOCOL section 2.5): told with all keys that the server announces after the
  // login and, asked by us, has proved that it owns; the one that was accepted is among them if the server
  // still uses it. Types that we do not know and revoked keys are left out. Empty: nobody is asked, nothing
  // is proved. Called on the connection's thread.
  std::function<void(const std::vector<PublicKey>& keys)> on_host_keys;
};

// Throws ConnectionError.
[[nodiscard]] Task<AcceptedConnection> connect(asio::ip::tcp::socket socket,
                                               std::shared_ptr<const ClientConfig> config);

}  // namespace fairlead::ssh
