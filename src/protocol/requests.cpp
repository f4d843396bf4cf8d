// SPDX-License-Identifier: Apache-2.0
// Decoding, checking and encoding of the bodies of requests on channels.
#include "protocol/body_fields.hpp"

#include <fairlead/ssh/global_requests.hpp>
#include <fairlead/ssh/requests.hpp>

#include <array>
#include <utility>

namespace fairlead::ssh {
namespace {

bool good_environment_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::environment_name && !is_digit(name.front()) &&
         std::ranges::all_of(name, is_word);
}

// A client without a terminal of its own sends an empty name.
bool good_terminal_name(std::string_view name) noexcept {
  return name.size() <= limits::terminal_name &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '.' || c == '+' || c == '-'; });
}

// These end up among the arguments of xauth(1), whose commands are lines (CVE-2016-3115).
bool good_x11_protocol(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::request_name &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '-' || c == '.'; });
}

bool good_x11_cookie(std::string_view cookie) noexcept {
  const auto is_hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  return !cookie.empty() && cookie.size() <= limits::x11_cookie && cookie.size() % 2 == 0 &&
         std::ranges::all_of(cookie, is_hex);
}

constexpr std::array<std::string_view, 13> signals{"ABRT", "ALRM", "FPE",  "HUP",  "ILL",  "INT", "KILL",
                                                   "PIPE", "QUIT", "SEGV", "TERM", "USR1", "USR2"};

TerminalSize read_size(WireReader& reader) noexcept {
  const auto side = [&reader](std::uint32_t absent) {
    const std::uint32_t value = reader.u32();
    return value == 0 ? absent : std::min(value, limits::terminal_side);
  };
  TerminalSize size;
  size.columns = side(80);
  size.rows = side(24);
  size.width_px = side(0);
  size.height_px = side(0);
  return size;
}

void write_size(WireWriter& writer, const TerminalSize& size) {
  writer.u32(size.columns).u32(size.rows).u32(size.width_px).u32(size.height_px);
}

constexpr std::uint8_t tty_op_end = 0;
// RFC 4254 section 8: opcodes from here on have no known argument, so that parsing stops.
constexpr std::uint8_t first_undefined_opcode = 160;

using Modes = std::vector<std::pair<std::uint8_t, std::uint32_t>>;

// Lenient about how the list ends, as every server is; strict about how long it gets.
Result<Modes> read_modes(Bytes encoded) {
  Modes modes;
  WireReader reader(encoded);
  for (;;) {
    const std::uint8_t opcode = reader.byte();
    if (opcode == tty_op_end || opcode >= first_undefined_opcode) return modes;
    const std::uint32_t argument = reader.u32();
    if (!reader.ok()) return modes;
    if (modes.size() == limits::terminal_modes) return failure(Errc::bad_message, "too many terminal modes");
    modes.emplace_back(opcode, argument);
  }
}

}  // namespace

RequestType request_type(std::string_view name) noexcept {
  using Entry = std::pair<std::string_view, RequestType>;
  static constexpr std::array<Entry, 23> entries{
      {{EnvRequest::wire_name, RequestType::env},
       {PtyRequest::wire_name, RequestType::pty_req},
       {WindowChangeRequest::wire_name, RequestType::window_change},
       {ShellRequest::wire_name, RequestType::shell},
       {ExecRequest::wire_name, RequestType::exec},
       {SubsystemRequest::wire_name, RequestType::subsystem},
       {SignalRequest::wire_name, RequestType::signal},
       {ExitStatusRequest::wire_name, RequestType::exit_status},
       {ExitSignalRequest::wire_name, RequestType::exit_signal},
       {X11Request::wire_name, RequestType::x11_req},
       {AgentForwardRequest::wire_name, RequestType::auth_agent_req},
       {"agent-req", RequestType::auth_agent_req},  // draft-ietf-sshm-ssh-agent
       {BreakRequest::wire_name, RequestType::line_break},
       {XonXoffRequest::wire_name, RequestType::xon_xoff},
       {EndOfWriteRequest::wire_name, RequestType::eow},
       {KeepaliveRequest::wire_name, RequestType::keepalive},
       {TcpipForward::wire_name, RequestType::tcpip_forward},
       {CancelTcpipForward::wire_name, RequestType::cancel_tcpip_forward},
       {StreamlocalForward::wire_name, RequestType::streamlocal_forward},
       {CancelStreamlocalForward::wire_name, RequestType::cancel_streamlocal_forward},
       {NoMoreSessions::wire_name, RequestType::no_more_sessions},
       {HostKeys::wire_name, RequestType::host_keys},
       {HostKeysProve::wire_name, RequestType::host_keys_prove}}};
  const auto* found = std::ranges::find(entries, name, &Entry::first);
  return found == entries.end() ? RequestType::other : found->second;
}

Result<EnvRequest> EnvRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view name = reader.text();
  const std::string_view value = reader.text();
  if (!reader.done()) return failure(Errc::bad_message, "env");
  if (!good_environment_name(name)) return failure(Errc::bad_message, "env: variable name");
  if (value.size() > limits::environment_value || has_nul(value))
    return failure(Errc::bad_message, "env: value");
  return EnvRequest{.name = std::string(name), .value = std::string(value)};
}

std::vector<std::byte> EnvRequest::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).string(name).string(value);
  return taken(buffer);
}

Result<PtyRequest> PtyRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view term = reader.text();
  const TerminalSize size = read_size(reader);
  const Bytes encoded_modes = reader.string();
  if (!reader.done()) return failure(Errc::bad_message, "pty-req");
  if (!good_terminal_name(term)) return failure(Errc::bad_message, "pty-req: terminal name");
  auto modes = read_modes(encoded_modes);
  if (!modes) return std::unexpected(modes.error());
  return PtyRequest{.term = std::string(term), .size = size, .modes = std::move(*modes)};
}

std::vector<std::byte> PtyRequest::encode() const {
  ByteBuffer encoded_modes;
  WireWriter mode_writer(encoded_modes);
  for (const auto& [opcode, argument] : modes) mode_writer.byte(opcode).u32(argument);
  mode_writer.byte(tty_op_end);

  ByteBuffer buffer;
  WireWriter writer(buffer);
  writer.string(term);
  write_size(writer, size);
  writer.string(std::as_const(encoded_modes).readable());
  return taken(buffer);
}

Result<WindowChangeRequest> WindowChangeRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const TerminalSize size = read_size(reader);
  if (!reader.done()) return failure(Errc::bad_message, "window-change");
  return WindowChangeRequest{size};
}

std::vector<std::byte> WindowChangeRequest::encode() const {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  write_size(writer, size);
  return taken(buffer);
}

Result<ExecRequest> ExecRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view command = reader.text();
  // A NUL would cut the command short where it becomes an argument of a program.
  if (!reader.done() || has_nul(command)) return failure(Errc::bad_message, "exec");
  return ExecRequest{std::string(command)};
}

std::vector<std::byte> ExecRequest::encode() const {
  return encode_text(command);
}

Result<SubsystemRequest> SubsystemRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view name = reader.text();
  if (!reader.done() || !good_name(name)) return failure(Errc::bad_message, "subsystem");
  return SubsystemRequest{std::string(name)};
}

std::vector<std::byte> SubsystemRequest::encode() const {
  return encode_text(name);
}

Result<SignalRequest> SignalRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view name = reader.text();
  if (!reader.done()) return failure(Errc::bad_message, "signal");
  if (std::ranges::find(signals, name) == signals.end())
    return failure(Errc::bad_message, "signal: unknown name");
  return SignalRequest{std::string(name)};
}

std::vector<std::byte> SignalRequest::encode() const {
  return encode_text(name);
}

Result<ExitStatusRequest> ExitStatusRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::uint32_t status = reader.u32();
  if (!reader.done()) return failure(Errc::bad_message, "exit-status");
  return ExitStatusRequest{status};
}

std::vector<std::byte> ExitStatusRequest::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).u32(status);
  return taken(buffer);
}

// RFC 4254 section 6.10 allows signals of one's own, as name@domain.
Result<ExitSignalRequest> ExitSignalRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view name = reader.text();
  const bool core_dumped = reader.boolean();
  const std::string_view text = reader.text();
  (void)reader.text();  // language tag
  if (!reader.done() || !good_name(name)) return failure(Errc::bad_message, "exit-signal");
  return ExitSignalRequest{
      .name = std::string(name), .core_dumped = core_dumped, .message = std::string(text)};
}

std::vector<std::byte> ExitSignalRequest::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).string(name).boolean(core_dumped).string(message).string(std::string_view{});
  return taken(buffer);
}

Result<X11Request> X11Request::decode(Bytes payload) {
  WireReader reader(payload);
  const bool single_connection = reader.boolean();
  const std::string_view protocol = reader.text();
  const std::string_view cookie = reader.text();
  const std::uint32_t screen = reader.u32();
  if (!reader.done() || screen > limits::x11_screen) return failure(Errc::bad_message, "x11-req");
  if (!good_x11_protocol(protocol) || !good_x11_cookie(cookie))
    return failure(Errc::bad_message, "x11-req: authentication");
  return X11Request{.single_connection = single_connection,
                    .protocol = std::string(protocol),
                    .cookie = std::string(cookie),
                    .screen = screen};
}

std::vector<std::byte> X11Request::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).boolean(single_connection).string(protocol).string(cookie).u32(screen);
  return taken(buffer);
}

Result<BreakRequest> BreakRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const std::uint32_t milliseconds = reader.u32();
  if (!reader.done()) return failure(Errc::bad_message, "break");
  return BreakRequest{std::clamp<std::uint32_t>(milliseconds, 500, 3000)};
}

std::vector<std::byte> BreakRequest::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).u32(milliseconds);
  return taken(buffer);
}

Result<XonXoffRequest> XonXoffRequest::decode(Bytes payload) {
  WireReader reader(payload);
  const bool client_can_do = reader.boolean();
  if (!reader.done()) return failure(Errc::bad_message, "xon-xoff");
  return XonXoffRequest{client_can_do};
}

std::vector<std::byte> XonXoffRequest::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).boolean(client_can_do);
  return taken(buffer);
}

}  // namespace fairlead::ssh
