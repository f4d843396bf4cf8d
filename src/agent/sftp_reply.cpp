// SPDX-License-Identifier: Apache-2.0
// Packets out: length, type, id, fields.
#include "agent/sftp_reply.hpp"

namespace fairlead::agent::sftp {

void Reply::packet(Message type, const std::function<void(ssh::WireWriter&)>& fill) {
  const std::size_t start = output_.size();
  ssh::WireWriter writer(output_);
  writer.u32(0).byte(static_cast<std::uint8_t>(type)).u32(id_);
  fill(writer);
  const auto packet = output_.readable().subspan(start);
  ssh::store_u32(packet.data(), static_cast<std::uint32_t>(packet.size() - sizeof(std::uint32_t)));
  sent_ = true;
}

void Reply::status(const Status& status) {
  packet(Message::status, [&](ssh::WireWriter& writer) {
    writer.u32(static_cast<std::uint32_t>(status.code)).string(status.message).string("");  // no language tag
  });
}

void Reply::handle(std::uint32_t handle) {
  packet(Message::handle, [&](ssh::WireWriter& writer) { writer.u32(sizeof handle).u32(handle); });
}

void Reply::attributes(const Attributes& attributes) {
  packet(Message::attrs, [&](ssh::WireWriter& writer) { attributes.encode(writer); });
}

void Reply::name(std::string_view name) {
  packet(Message::name, [&](ssh::WireWriter& writer) {
    writer.u32(1).string(name).string(name);
    Attributes{}.encode(writer);
  });
}

void Reply::data(std::size_t longest, const std::function<std::int64_t(ssh::MutableBytes)>& fill) {
  constexpr std::size_t header = 4 + 1 + 4 + 4;  // packet length, type, id, data length
  const auto space = output_.prepare(header + longest);
  const auto filled = fill(space.subspan(header));
  if (filled < 0) return;
  const auto size = static_cast<std::uint32_t>(filled);
  ssh::store_u32(space.data(), static_cast<std::uint32_t>(header - 4) + size);
  space[4] = static_cast<std::byte>(Message::data);
  ssh::store_u32(space.data() + 5, id_);
  ssh::store_u32(space.data() + 9, size);
  output_.commit(header + size);
  sent_ = true;
}

}  // namespace fairlead::agent::sftp
