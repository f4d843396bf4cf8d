// SPDX-License-Identifier: Apache-2.0
// Requests that concern the connection as a whole (RFC 4254 section 7.1, OpenSSH's PROTOCOL sections 2.2, 2.4
// and 2.5). Bodies are decoded and checked as those of channel requests are (requests.hpp).
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/channel_types.hpp>
#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/requests.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

// Listen, and open a ForwardedTcpip channel for each connection. The host may be empty (every address) or
// "localhost" (every loopback address). Port 0 leaves the choice to the server, which answers with a
// TcpipForwardReply; to any other port it answers without a body.
struct TcpipForward {
  static constexpr std::string_view wire_name = "tcpip-forward";
  HostPort listener;
  static Result<TcpipForward> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct TcpipForwardReply {
  std::uint16_t port = 0;  // never 0 on the wire
  static Result<TcpipForwardReply> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct CancelTcpipForward {
  static constexpr std::string_view wire_name = "cancel-tcpip-forward";
  HostPort listener;  // with the port that the server chose
  static Result<CancelTcpipForward> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct StreamlocalForward {
  static constexpr std::string_view wire_name = "streamlocal-forward@openssh.com";
  std::string path;
  static Result<StreamlocalForward> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct CancelStreamlocalForward {
  static constexpr std::string_view wire_name = "cancel-streamlocal-forward@openssh.com";
  std::string path;
  static Result<CancelStreamlocalForward> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};

// A later open of a session ends the connection: a client that shares its connection gives up what somebody
// who takes it over would want most.
struct NoMoreSessions {
  static constexpr std::string_view wire_name = "no-more-sessions@openssh.com";
  static Result<NoMoreSessions> decode(Bytes payload) { return decode_empty<NoMoreSessions>(payload); }
  [[nodiscard]] static std::vector<std::byte> encode() { return {}; }
};

// Blobs of public keys, or signatures in the order of the keys that were asked about. One to
// limits::host_keys of them.
using BlobList = std::vector<std::vector<std::byte>>;

// A server's keys, all of them; a client that trusts one of them may ask for proofs of the others.
struct HostKeys {
  static constexpr std::string_view wire_name = "hostkeys-00@openssh.com";
  BlobList keys;
  static Result<HostKeys> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct HostKeysProve {
  static constexpr std::string_view wire_name = "hostkeys-prove-00@openssh.com";
  BlobList keys;
  static Result<HostKeysProve> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
  // What the signature by `key` covers.
  [[nodiscard]] static std::vector<std::byte> statement(Bytes session_id, Bytes key);
};
struct HostKeysProof {
  BlobList signatures;
  static Result<HostKeysProof> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};

}  // namespace fairlead::ssh
