// SPDX-License-Identifier: Apache-2.0
// Public server API: accept() turns a byte stream into an authenticated SSH connection.
#pragma once

#include <fairlead/ssh/auth.hpp>
#include <fairlead/ssh/connection.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::ssh {

// Signs with a host key. The keys may live elsewhere (another process, a token): design D9.
class HostKeySigner {
 public:
  virtual ~HostKeySigner() = default;
  [[nodiscard]] virtual std::vector<PublicKey> public_keys() const = 0;  // in order of preference
  // The wire form of a signature by key number `index`.
  [[nodiscard]] virtual Task<Result<std::vector<std::byte>>> sign(std::size_t index, std::string algorithm,
                                                                  std::vector<std::byte> data) = 0;
};
// Private keys in this process. RSA signatures are made on a helper thread.
[[nodiscard]] std::shared_ptr<HostKeySigner> local_host_keys(std::vector<PrivateKey> keys);

struct ServerConfig {
  std::shared_ptr<HostKeySigner> host_keys;
  std::shared_ptr<Authenticator> authenticator;  // null admits everyone: tutorials and tests only
  std::string identification = "SSH-2.0-Fairlead";
  std::string banner;
  std::chrono::seconds login_grace = limits::login_grace;  // one absolute deadline from accept() to login
  unsigned auth_failures = limits::auth_failures;
  // Empty lists mean the engine's defaults (protocol/algorithms).
  std::vector<std::string> key_exchanges, ciphers, macs;
  // Refuses peers that do not know strict key exchange (Terrapin, CVE-2023-48795). Old ones do not, and need
  // it only with chacha20-poly1305.
  bool require_strict_kex = false;
  std::uint64_t rekey_bytes = limits::rekey_bytes;
  std::chrono::seconds rekey_interval = limits::rekey_interval;
  std::size_t channels = limits::channels;
  // keepalive@openssh.com: 0 is off. After `alive_count` unanswered ones the connection ends.
  std::chrono::seconds alive_interval{0};
  unsigned alive_count = 3;
  // One line per fact about this connection, for the application's log. May be empty. Called on the
  // connection's thread.
  std::function<void(std::string_view event, std::string_view detail)> on_event;
};

struct LoginInfo {
  std::string user;
  std::string method;  // "password", "publickey", "none"
  std::string key_fingerprint;
};

struct AcceptedServerConnection : AcceptedConnection {
  LoginInfo login;
};

// Runs version exchange, key exchange and user authentication. Throws ConnectionError; the socket is closed
// then.
[[nodiscard]] Task<AcceptedServerConnection> accept(asio::ip::tcp::socket socket,
                                                    std::shared_ptr<const ServerConfig> config);

// The plain link (design D5) over any connected stream socket: no encryption, both sides may open channels.
[[nodiscard]] AcceptedConnection link(asio::generic::stream_protocol::socket socket);

}  // namespace fairlead::ssh
