// SPDX-License-Identifier: Apache-2.0
// Decoding, checking and encoding of what channel opens say.
#include "protocol/body_fields.hpp"

#include <fairlead/ssh/channel_types.hpp>

#include <array>
#include <utility>

namespace fairlead::ssh {
namespace {

std::vector<std::byte> encode_two(const HostPort& first, const HostPort& second) {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  write_host_port(writer, first);
  write_host_port(writer, second);
  return taken(buffer);
}

}  // namespace

ChannelType channel_type(std::string_view name) noexcept {
  using Entry = std::pair<std::string_view, ChannelType>;
  static constexpr std::array<Entry, 8> entries{
      {{"session", ChannelType::session},
       {DirectTcpip::wire_name, ChannelType::direct_tcpip},
       {ForwardedTcpip::wire_name, ChannelType::forwarded_tcpip},
       {DirectStreamlocal::wire_name, ChannelType::direct_streamlocal},
       {ForwardedStreamlocal::wire_name, ChannelType::forwarded_streamlocal},
       {X11Open::wire_name, ChannelType::x11},
       {"auth-agent@openssh.com", ChannelType::auth_agent},
       {"agent-connect", ChannelType::auth_agent}}};
  const auto* found = std::ranges::find(entries, name, &Entry::first);
  return found == entries.end() ? ChannelType::other : found->second;
}

Result<DirectTcpip> DirectTcpip::decode(Bytes payload) {
  WireReader reader(payload);
  auto target = read_host_port(reader);
  auto originator = read_host_port(reader);
  const bool whole = reader.done() && target && originator;
  if (!whole || target->host.empty()) return failure(Errc::bad_message, "direct-tcpip");
  return DirectTcpip{.target = std::move(*target), .originator = std::move(*originator)};
}

std::vector<std::byte> DirectTcpip::encode() const {
  return encode_two(target, originator);
}

Result<ForwardedTcpip> ForwardedTcpip::decode(Bytes payload) {
  WireReader reader(payload);
  auto listener = read_host_port(reader);
  auto originator = read_host_port(reader);
  if (!reader.done() || !listener || !originator) return failure(Errc::bad_message, "forwarded-tcpip");
  return ForwardedTcpip{.listener = std::move(*listener), .originator = std::move(*originator)};
}

std::vector<std::byte> ForwardedTcpip::encode() const {
  return encode_two(listener, originator);
}

// What follows the path is reserved; OpenSSH puts the originator there.
Result<DirectStreamlocal> DirectStreamlocal::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view path = reader.text();
  (void)reader.text();
  (void)reader.u32();
  if (!reader.done() || !good_socket_path(path)) return failure(Errc::bad_message, "direct-streamlocal");
  return DirectStreamlocal{std::string(path)};
}

std::vector<std::byte> DirectStreamlocal::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).string(path).string(std::string_view{}).u32(0);
  return taken(buffer);
}

Result<ForwardedStreamlocal> ForwardedStreamlocal::decode(Bytes payload) {
  WireReader reader(payload);
  const std::string_view path = reader.text();
  (void)reader.text();  // reserved
  if (!reader.done() || !good_socket_path(path)) return failure(Errc::bad_message, "forwarded-streamlocal");
  return ForwardedStreamlocal{std::string(path)};
}

std::vector<std::byte> ForwardedStreamlocal::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).string(path).string(std::string_view{});
  return taken(buffer);
}

Result<X11Open> X11Open::decode(Bytes payload) {
  WireReader reader(payload);
  auto originator = read_host_port(reader);
  if (!reader.done() || !originator) return failure(Errc::bad_message, "x11");
  return X11Open{std::move(*originator)};
}

std::vector<std::byte> X11Open::encode() const {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  write_host_port(writer, originator);
  return taken(buffer);
}

}  // namespace fairlead::ssh
