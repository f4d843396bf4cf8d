// SPDX-License-Identifier: Apache-2.0
// Types of channels (RFC 4254 sections 5 to 7, OpenSSH's PROTOCOL section 2.4) and what an open says of each.
// Bodies are decoded and checked as those of requests are (requests.hpp).
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// RFC 4254 section 5.1.
enum class OpenFailure : std::uint32_t {
  administratively_prohibited = 1,
  connect_failed = 2,
  unknown_channel_type = 3,
  resource_shortage = 4,
};

enum class ChannelType : std::uint8_t {
  session,  // RFC 4254 section 6.1; no body
  direct_tcpip,
  forwarded_tcpip,
  direct_streamlocal,
  forwarded_streamlocal,
  x11,
  auth_agent,  // "auth-agent@openssh.com", or the draft's "agent-connect"; no body
  other,
};
[[nodiscard]] ChannelType channel_type(std::string_view name) noexcept;

// A name or an address as its sender wrote it: printable US-ASCII, at most limits::host_name bytes. Nothing
// about it has been resolved or allowed.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const HostPort&, const HostPort&) = default;
};

// Each body: the name it travels under, static decode(payload) and encode(), which are inverse to one
// another.

// RFC 4254 section 7.2: connect to `target` for a program at `originator`, which may be empty.
struct DirectTcpip {
  static constexpr std::string_view wire_name = "direct-tcpip";
  HostPort target, originator;
  static Result<DirectTcpip> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// RFC 4254 section 7.2: somebody at `originator` connected to `listener`, which is named as in the request
// for it (TcpipForward).
struct ForwardedTcpip {
  static constexpr std::string_view wire_name = "forwarded-tcpip";
  HostPort listener, originator;
  static Result<ForwardedTcpip> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// The same with Unix sockets. Paths are not empty, hold no NUL and fit into a sockaddr_un.
struct DirectStreamlocal {
  static constexpr std::string_view wire_name = "direct-streamlocal@openssh.com";
  std::string path;
  static Result<DirectStreamlocal> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ForwardedStreamlocal {
  static constexpr std::string_view wire_name = "forwarded-streamlocal@openssh.com";
  std::string path;
  static Result<ForwardedStreamlocal> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// RFC 4254 section 6.3.2.
struct X11Open {
  static constexpr std::string_view wire_name = "x11";
  HostPort originator;
  static Result<X11Open> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};

}  // namespace fairlead::ssh
