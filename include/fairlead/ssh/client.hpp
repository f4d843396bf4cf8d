// SPDX-License-Identifier: Apache-2.0
// Public client API: connect() turns a TCP socket into an authenticated connection to an SSH server.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/connection.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>
#include <fairlead/ssh/prompts.hpp>

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
  // Tried in this order: keys, then the password, then whatever the server asks. When it wants several
  // methods in a row (RFC 4252 section 5.1), each is shown in the order in which it wants them.
  std::vector<PrivateKey> keys;
  std::optional<std::string> password;
  // keyboard-interactive: as many answers as prompts, else the method is given up. What the prompts say is
  // the server's text: escape it before it is shown. Empty: not tried.
  std::function<Task<std::vector<std::string>>(PromptRound round)> answer_prompts;
  std::string identification = "SSH-2.0-Fairlead";
  std::chrono::seconds login_deadline = limits::login_grace;
  // Empty lists mean the engine's defaults.
  std::vector<std::string> key_exchanges, host_key_algorithms, ciphers, macs;
  std::uint64_t rekey_bytes = limits::rekey_bytes;
};

// Throws ConnectionError.
[[nodiscard]] Task<AcceptedConnection> connect(asio::ip::tcp::socket socket,
                                               std::shared_ptr<const ClientConfig> config);

}  // namespace fairlead::ssh
