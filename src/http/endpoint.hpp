// SPDX-License-Identifier: Apache-2.0
// Where an HTTP server listens: a Unix socket, or a host and port with or without TLS.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::http {

struct Endpoint {
  enum class Kind : std::uint8_t { unix_socket, tcp, tls };

  Kind kind = Kind::tcp;
  std::string path;  // unix_socket: of the socket; otherwise what goes before every target, "" or "/api"
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;

  // "unix:///path", "tcp://host[:2375]", "http://host[:80][/prefix]", "https://host[:443][/prefix]".
  // Throws HttpError(endpoint).
  [[nodiscard]] static Endpoint parse(std::string_view url);

  // For messages: the path of the socket, or "host:port".
  [[nodiscard]] std::string name() const;
  // The Host header's value.
  [[nodiscard]] std::string host_header() const;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace fairlead::http
