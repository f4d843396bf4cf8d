// SPDX-License-Identifier: Apache-2.0
// Bodies of the requests and channel types of RFC 4254, decoded and encoded. Decoding checks lengths and
// characters (limits.hpp); anything left over or out of range is bad_message.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::ssh {

// RFC 4254 section 5.1.
enum class OpenFailure : std::uint32_t {
  administratively_prohibited = 1,
  connect_failed = 2,
  unknown_channel_type = 3,
  resource_shortage = 4,
};

// Requests of RFC 4254 section 6 that have a body or meaning of their own here; anything else is `other`.
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
  other,
};
[[nodiscard]] RequestType request_type(std::string_view name) noexcept;

// Each body: static decode(payload) and encode(), which are inverse to one another.
struct TerminalSize {
  std::uint32_t columns = 80, rows = 24, width_px = 0, height_px = 0;
};
struct EnvRequest {
  std::string name, value;
  static Result<EnvRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct PtyRequest {
  std::string term;
  TerminalSize size;                                          // zero columns or rows became 80 × 24
  std::vector<std::pair<std::uint8_t, std::uint32_t>> modes;  // RFC 4254 section 8: opcode, argument
  static Result<PtyRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct WindowChangeRequest {
  TerminalSize size;
  static Result<WindowChangeRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ExecRequest {
  std::string command;
  static Result<ExecRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct SubsystemRequest {
  std::string name;
  static Result<SubsystemRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct SignalRequest {
  std::string name;  // without SIG; one of RFC 4254 section 6.10's
  static Result<SignalRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ExitStatusRequest {
  std::uint32_t status = 0;
  static Result<ExitStatusRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};
struct ExitSignalRequest {
  std::string name;
  bool core_dumped = false;
  std::string message;
  static Result<ExitSignalRequest> decode(Bytes payload);
  [[nodiscard]] std::vector<std::byte> encode() const;
};

}  // namespace fairlead::ssh
