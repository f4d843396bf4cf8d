// SPDX-License-Identifier: Apache-2.0
// Decoding, checking and encoding of the bodies of global requests and their answers.
#include "protocol/body_fields.hpp"

#include <fairlead/ssh/global_requests.hpp>

#include <utility>

namespace fairlead::ssh {
namespace {

Result<HostPort> decode_listener(Bytes payload, const char* what) {
  WireReader reader(payload);
  auto listener = read_host_port(reader);
  if (!reader.done() || !listener) return failure(Errc::bad_message, what);
  return std::move(*listener);
}

std::vector<std::byte> encode_listener(const HostPort& listener) {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  write_host_port(writer, listener);
  return taken(buffer);
}

Result<std::string> decode_path(Bytes payload, const char* what) {
  WireReader reader(payload);
  const std::string_view path = reader.text();
  if (!reader.done() || !good_socket_path(path)) return failure(Errc::bad_message, what);
  return std::string(path);
}

Result<BlobList> decode_blobs(Bytes payload, const char* what) {
  BlobList blobs;
  WireReader reader(payload);
  while (!reader.rest().empty()) {
    const Bytes blob = reader.string();
    if (!reader.ok() || blob.empty() || blobs.size() == limits::host_keys)
      return failure(Errc::bad_message, what);
    blobs.emplace_back(blob.begin(), blob.end());
  }
  if (blobs.empty()) return failure(Errc::bad_message, what);
  return blobs;
}

std::vector<std::byte> encode_blobs(const BlobList& blobs) {
  ByteBuffer buffer;
  WireWriter writer(buffer);
  for (const auto& blob : blobs) writer.string(Bytes(blob));
  return taken(buffer);
}

}  // namespace

Result<TcpipForward> TcpipForward::decode(Bytes payload) {
  auto listener = decode_listener(payload, "tcpip-forward");
  if (!listener) return std::unexpected(listener.error());
  return TcpipForward{std::move(*listener)};
}

std::vector<std::byte> TcpipForward::encode() const {
  return encode_listener(listener);
}

Result<TcpipForwardReply> TcpipForwardReply::decode(Bytes payload) {
  WireReader reader(payload);
  const std::uint32_t port = reader.u32();
  if (!reader.done() || port == 0 || port > 65535) return failure(Errc::bad_message, "port of a forward");
  return TcpipForwardReply{static_cast<std::uint16_t>(port)};
}

std::vector<std::byte> TcpipForwardReply::encode() const {
  ByteBuffer buffer;
  WireWriter(buffer).u32(port);
  return taken(buffer);
}

Result<CancelTcpipForward> CancelTcpipForward::decode(Bytes payload) {
  auto listener = decode_listener(payload, "cancel-tcpip-forward");
  if (!listener) return std::unexpected(listener.error());
  return CancelTcpipForward{std::move(*listener)};
}

std::vector<std::byte> CancelTcpipForward::encode() const {
  return encode_listener(listener);
}

Result<StreamlocalForward> StreamlocalForward::decode(Bytes payload) {
  auto path = decode_path(payload, "streamlocal-forward");
  if (!path) return std::unexpected(path.error());
  return StreamlocalForward{std::move(*path)};
}

std::vector<std::byte> StreamlocalForward::encode() const {
  return encode_text(path);
}

Result<CancelStreamlocalForward> CancelStreamlocalForward::decode(Bytes payload) {
  auto path = decode_path(payload, "cancel-streamlocal-forward");
  if (!path) return std::unexpected(path.error());
  return CancelStreamlocalForward{std::move(*path)};
}

std::vector<std::byte> CancelStreamlocalForward::encode() const {
  return encode_text(path);
}

Result<HostKeys> HostKeys::decode(Bytes payload) {
  auto keys = decode_blobs(payload, "hostkeys");
  if (!keys) return std::unexpected(keys.error());
  return HostKeys{std::move(*keys)};
}

std::vector<std::byte> HostKeys::encode() const {
  return encode_blobs(keys);
}

Result<HostKeysProve> HostKeysProve::decode(Bytes payload) {
  auto keys = decode_blobs(payload, "hostkeys-prove");
  if (!keys) return std::unexpected(keys.error());
  return HostKeysProve{std::move(*keys)};
}

std::vector<std::byte> HostKeysProve::encode() const {
  return encode_blobs(keys);
}

std::vector<std::byte> HostKeysProve::statement(Bytes session_id, Bytes key) {
  ByteBuffer buffer;
  WireWriter(buffer).string(wire_name).string(session_id).string(key);
  return taken(buffer);
}

Result<HostKeysProof> HostKeysProof::decode(Bytes payload) {
  auto signatures = decode_blobs(payload, "proof of host keys");
  if (!signatures) return std::unexpected(signatures.error());
  return HostKeysProof{std::move(*signatures)};
}

std::vector<std::byte> HostKeysProof::encode() const {
  return encode_blobs(signatures);
}

}  // namespace fairlead::ssh
