// SPDX-License-Identifier: Apache-2.0
// Decoding, checking and encoding of the request bodies of RFC 4254 section 6.
#include "base/wire.hpp"

#include <fairlead/ssh/limits.hpp>
#include <fairlead/ssh/requests.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::ssh {
namespace {

constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_';
}

bool has_nul(std::string_view text) noexcept {
  return text.find('\0') != std::string_view::npos;
}

bool good_environment_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::environment_name && !is_digit(name.front()) &&
         std::ranges::all_of(name, is_word);
}

// A client without a terminal of its own sends an empty name.
bool good_terminal_name(std::string_view name) noexcept {
  return name.size() <= limits::terminal_name &&
         std::ranges::all_of(name, [](char c) { return is_word(c) || c == '.' || c == '+' || c == '-'; });
}

// RFC 4250 section 4.6.1: printable US-ASCII without space and comma.
bool good_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::request_name &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f && c != ','; });
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

std::vector<std::byte> taken(const ByteBuffer& buffer) {
  const Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> encode_text(std::string_view text) {
  ByteBuffer buffer;
  WireWriter(buffer).string(text);
  return taken(buffer);
}

}  // namespace

RequestType request_type(std::string_view name) noexcept {
  using Entry = std::pair<std::string_view, RequestType>;
  static constexpr std::array<Entry, 9> entries{{{"env", RequestType::env},
                                                 {"pty-req", RequestType::pty_req},
                                                 {"window-change", RequestType::window_change},
                                                 {"shell", RequestType::shell},
                                                 {"exec", RequestType::exec},
                                                 {"subsystem", RequestType::subsystem},
                                                 {"signal", RequestType::signal},
                                                 {"exit-status", RequestType::exit_status},
                                                 {"exit-signal", RequestType::exit_signal}}};
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

}  // namespace fairlead::ssh
