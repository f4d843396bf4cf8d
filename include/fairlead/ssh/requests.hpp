// SPDX-License-Identifier: Apache-2.0
// Bodies of the requests on channels (RFC 4254 section 6, RFC 4335, OpenSSH's PROTOCOL section 2), decoded
// and encoded. Decoding checks lengths and characters (limits.hpp); anything left over or out of range is
// bad_message.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::ssh {

// Requests on channels and, from tcpip_forward on, of connections (global_requests.hpp); anything else is
// `other`.
enum class RequestType : std::uint8_t {
  env,
  pty_req,
  window_change,
  shell,
  exec,
  subsystem,
  signal,
  exit_status,
  exit_signal,
  x11_req,
  auth_agent_req,
  line_break,
  xon_xoff,
  eow,
  keepalive,  // of connections too
  tcpip_forward,
  cancel_tcpip_forward,
  streamlocal_forward,
  cancel_streamlocal_forward,
  no_more_sessions,
  host_keys,
  host_keys_prove,
  other,
};
[[nodiscard]] RequestType request_type(std::string_view name) noexcept;

// What all bodies have in common.
template <class T>
concept TypedBody = requires(const T& body, Bytes payload) {
  { T::wire_name } -> std::convertible_to<std::string_view>;  // the name that it travels under
  { T::decode(payload) } -> std::same_as<Result<T>>;          // the inverse of encode()
  { body.encode() } -> std::same_as<std::vector<std::byte>>;
};

// decode() of a request that is only a name.
template <class Body>
Result<Body> decode_empty(Bytes payload) {
  if (!payload.empty()) return failure(Errc::bad_message, "body where none belongs");
  return Body{};
}

struct TerminalSize {
  std::uint32_t columns = 80, rows = 24, width_px = 0, height_px = 0;
};
struct EnvRequest {
  static constexpr std::string_view wire_name = "env";
  std::string name, value;
  static Result<EnvRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct PtyRequest {
  static constexpr std::string_view wire_name = "pty-req";
  std::string term;
  TerminalSize size;                                          // zero columns or rows became 80 × 24
  std::vector<std::pair<std::uint8_t, std::uint32_t>> modes;  // RFC 4254 section 8: opcode, argument
  static Result<PtyRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct WindowChangeRequest {
  static constexpr std::string_view wire_name = "window-change";
  TerminalSize size;
  static Result<WindowChangeRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ShellRequest {
  static constexpr std::string_view wire_name = "shell";
  static Result<ShellRequest> decode(Bytes payload) { return decode_empty<ShellRequest>(payload); }
  [[nodiscard]] static std::vector<std::byte> encode() { return {}; }
};
struct ExecRequest {
  static constexpr std::string_view wire_name = "exec";
  std::string command;
  static Result<ExecRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct SubsystemRequest {
  static constexpr std::string_view wire_name = "subsystem";
  std::string name;
  static Result<SubsystemRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct SignalRequest {
  static constexpr std::string_view wire_name = "signal";
  std::string name;  // without SIG; one of RFC 4254 section 6.10's
  static Result<SignalRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ExitStatusRequest {
  static constexpr std::string_view wire_name = "exit-status";
  std::uint32_t status = 0;
  static Result<ExitStatusRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ExitSignalRequest {
  static constexpr std::string_view wire_name = "exit-signal";
  std::string name;
  bool core_dumped = false;
  std::string message;
  static Result<ExitSignalRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// RFC 4254 section 6.3.1. What programs are shown is not the user's own cookie but one made up for this
// connection; still it is somebody's secret.
struct X11Request {
  static constexpr std::string_view wire_name = "x11-req";
  bool single_connection = false;
  std::string protocol;  // such as MIT-MAGIC-COOKIE-1: letters, digits and "-_." only
  std::string cookie;    // hexadecimal digits, an even number of them
  std::uint32_t screen = 0;
  static Result<X11Request> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// RFC 4335: a break of the line, or what comes nearest to it.
struct BreakRequest {
  static constexpr std::string_view wire_name = "break";
  std::uint32_t milliseconds = 500;  // 500 to 3000: section 3 has other values taken for the nearest of these
  static Result<BreakRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// RFC 4254 section 6.8: whether the client may stop output by itself when ^S is typed.
struct XonXoffRequest {
  static constexpr std::string_view wire_name = "xon-xoff";
  bool client_can_do = false;
  static Result<XonXoffRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
// The sender's agent may be asked for signatures, through channels of ChannelType::auth_agent. The draft's
// "agent-req" is the same.
struct AgentForwardRequest {
  static constexpr std::string_view wire_name = "auth-agent-req@openssh.com";
  static Result<AgentForwardRequest> decode(Bytes payload) {
    return decode_empty<AgentForwardRequest>(payload);
  }
  [[nodiscard]] static std::vector<std::byte> encode() { return {}; }
};
// The sender will not read what still comes on this channel (PROTOCOL section 2.1): the counterpart of EOF.
struct EndOfWriteRequest {
  static constexpr std::string_view wire_name = "eow@openssh.com";
  static Result<EndOfWriteRequest> decode(Bytes payload) { return decode_empty<EndOfWriteRequest>(payload); }
  [[nodiscard]] static std::vector<std::byte> encode() { return {}; }
};
// Is anybody there? Any answer will do, a refusal above all. On a channel or of the connection.
struct KeepaliveRequest {
  static constexpr std::string_view wire_name = "keepalive@openssh.com";
  static Result<KeepaliveRequest> decode(Bytes payload) { return decode_empty<KeepaliveRequest>(payload); }
  [[nodiscard]] static std::vector<std::byte> encode() { return {}; }
};

}  // namespace fairlead::ssh
