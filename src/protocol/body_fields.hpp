// SPDX-License-Identifier: Apache-2.0
// Fields that the bodies of requests and channel types have in common, and what is allowed in them.
#pragma once

#include "base/wire.hpp"

#include <fairlead/ssh/channel_types.hpp>
#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) noexcept {
  return is_letter(c) || is_digit(c) || c == '_';
}
constexpr bool is_printable(char c) noexcept {
  return c > ' ' && c < 0x7f;
}

inline bool has_nul(std::string_view text) noexcept {
  return text.find('\0') != std::string_view::npos;
}

// RFC 4250 section 4.6.1: printable US-ASCII without space and comma.
inline bool good_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= limits::request_name &&
         std::ranges::all_of(name, [](char c) { return is_printable(c) && c != ','; });
}

inline std::vector<std::byte> taken(const ByteBuffer& buffer) {
  const Bytes bytes = buffer.readable();
  return {bytes.begin(), bytes.end()};
}

inline std::vector<std::byte> encode_text(std::string_view text) {
  ByteBuffer buffer;
  WireWriter(buffer).string(text);
  return taken(buffer);
}

// Nothing when the host or the port is not one. A reader that has failed gives an empty host and port 0: ask
// it too.
inline std::optional<HostPort> read_host_port(WireReader& reader) {
  const std::string_view host = reader.text();
  const std::uint32_t port = reader.u32();
  if (host.size() > limits::host_name || !std::ranges::all_of(host, is_printable)) return std::nullopt;
  if (port > 65535) return std::nullopt;
  return HostPort{.host = std::string(host), .port = static_cast<std::uint16_t>(port)};
}

inline void write_host_port(WireWriter& writer, const HostPort& where) {
  writer.string(where.host).u32(where.port);
}

// Abstract sockets, whose names begin with NUL, are nobody's business outside their network namespace.
inline bool good_socket_path(std::string_view path) noexcept {
  return !path.empty() && path.size() <= limits::socket_path && !has_nul(path);
}

}  // namespace fairlead::ssh
