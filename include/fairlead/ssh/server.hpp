// SPDX-License-Identifier: Apache-2.0
// Public server API: accept() turns a byte stream into an authenticated SSH connection.
#pragma once

#include <fairlead/ssh/auth.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/connection.hpp>
#include <fairlead/ssh/gssapi.hpp>
#include <fairlead/ssh/keys.hpp>
#include <fairlead/ssh/limits.hpp>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Signs with a host key. The keys may live elsewhere (another process, a token): design D9.
class HostKeySigner {
 public:
  virtual ~HostKeySigner() = default;
  [[nodiscard]] virtual std::vector<PublicKey> public_keys() const = 0;  // in order of preference
  // Host certificates for keys of those, offered before the plain keys; others are never shown.
  [[nodiscard]] virtual std::vector<Certificate> certificates() const { return {}; }
  // The wire form of a signature by key number `index`.
  [[nodiscard]] virtual Task<Result<std::vector<std::byte>>> sign(std::size_t index, std::string algorithm,
                                                                  std::vector<std::byte> data) = 0;
};
// Private keys in this process. RSA signatures are made on a helper thread.
[[nodiscard]] std::shared_ptr<HostKeySigner> local_host_keys(std::vector<PrivateKey> keys,
                                                             std::vector<Certificate> certificates = {});

struct ServerConfig {
  std::shared_ptr<HostKeySigner> host_keys;
  std::shared_ptr<Authenticator> authenticator;  // null admits everyone: tutorials and tests only
  std::shared_ptr<GssapiAcceptor> gssapi;        // null: gssapi-with-mic is off, whatever methods() says
  // "SSH-2.0-NAME", perhaps a space and a comment, in RFC 4253 section 4.2's bounds: else accept() throws
  // bad_identification, which says what is wrong.
  std::string identification = "SSH-2.0-Fairlead";
  std::string banner;
  std::chrono::seconds login_grace = limits::login_grace;  // one absolute deadline from accept() to login
  unsigned auth_failures = limits::auth_failures;
  // Empty lists mean the engine's defaults (protocol/algorithms).
  std::vector<std::string> key_exchanges, ciphers, macs;
  // Refuses peers that do not know strict key exchange (Terrapin, CVE-2023-48795). Old ones do not, and need
  // it only with chacha20-poly1305.
  bool require_strict_kex = false;
  // Encrypted packets have a multiple of so many bytes, at most limits::padding_unit, so that their lengths
  // tell less of what is typed (RFC 4253 section 6); when they come still tells. 0: what the cipher needs.
  std::size_t padding_unit = 0;
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
  std::string
      method;  // "password", "publickey", "none"; all that were needed: "publickey+keyboard-interactive"
  std::string key_fingerprint;  // of the last key that was proved
};

struct AcceptedServerConnection : AcceptedConnection {
  LoginInfo login;
};

// Runs version exchange, key exchange and user authentication. Throws ConnectionError; the socket is closed
// then.
[[nodiscard]] Task<AcceptedServerConnection> accept(asio::ip::tcp::socket socket,
                                                    std::shared_ptr<const ServerConfig> config);

// What a server without room for another connection sends in place of accept(), before it closes: its
// identification and DISCONNECT, which needs no keys (RFC 4253 section 11.1). About a hundred bytes: they fit
// into a fresh socket without waiting.
[[nodiscard]] std::vector<std::byte> refusal(std::string_view identification, DisconnectReason reason,
                                             std::string_view text);

// The plain link (design D5) over any connected stream socket: no encryption, both sides may open channels.
[[nodiscard]] AcceptedConnection link(asio::generic::stream_protocol::socket socket);

}  // namespace fairlead::ssh
