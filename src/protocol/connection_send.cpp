// SPDX-License-Identifier: Apache-2.0
// Sending half of the connection protocol: the application's calls become messages, as far as the channel's
// state allows.
#include "base/wire.hpp"
#include "protocol/connection_protocol.hpp"
#include "protocol/message_numbers.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace fairlead::ssh {
namespace {

// byte number, uint32 recipient channel
void send_short(Transport& transport, std::uint8_t number, std::uint32_t peer_id) {
  std::array<std::byte, 5> message{std::byte{number}};
  store_u32(&message[1], peer_id);
  transport.send(message);
}

void send_adjust(Transport& transport, std::uint32_t peer_id, std::uint32_t bytes) {
  std::array<std::byte, 9> message{std::byte{msg::channel_window_adjust}};
  store_u32(&message[1], peer_id);
  store_u32(&message[5], bytes);
  transport.send(message);
}

void send_built(Transport& transport, const ByteBuffer& message) {
  transport.send(message.readable());
}

constexpr std::size_t data_header = 1 + 4 + 4;
constexpr std::size_t extended_data_header = 1 + 4 + 4 + 4;

}  // namespace

Result<ChannelId> ConnectionProtocol::open_channel(std::string_view type, Bytes extra) {
  if (transport_.ended()) return failure(Errc::connection_closed);
  if (channels_.full()) return failure(Errc::too_many_channels);
  const ChannelId id = channels_.insert(ChannelState::requested());
  channels_.find(id)->receive_window = ReceiveWindow(config_.window);
  ByteBuffer message;
  WireWriter(message)
      .byte(msg::channel_open)
      .string(type)
      .u32(id)
      .u32(config_.window)
      .u32(config_.max_packet)
      .raw(extra);
  send_built(transport_, message);
  return id;
}

void ConnectionProtocol::confirm_open(ChannelId id, Bytes extra) {
  ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr || !channel->state.undecided()) return;
  channel->state.confirm();
  ByteBuffer message;
  WireWriter(message)
      .byte(msg::channel_open_confirmation)
      .u32(channel->peer_id)
      .u32(id)
      .u32(config_.window)
      .u32(config_.max_packet)
      .raw(extra);
  send_built(transport_, message);
}

void ConnectionProtocol::refuse_open(ChannelId id, OpenFailure reason, std::string_view text) {
  const ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr || !channel->state.undecided()) return;
  const std::uint32_t peer_id = channel->peer_id;
  erase(id);
  send_open_failure(peer_id, reason, text);
}

void ConnectionProtocol::send_open_failure(std::uint32_t peer_id, OpenFailure reason, std::string_view text) {
  ByteBuffer message;
  WireWriter(message)
      .byte(msg::channel_open_failure)
      .u32(peer_id)
      .u32(static_cast<std::uint32_t>(reason))
      .string(text)
      .string(std::string_view{});
  send_built(transport_, message);
}

std::size_t ConnectionProtocol::writable(ChannelId id) const noexcept {
  const ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr || !channel->state.may_send_data() || !transport_.gate_open()) return 0;
  return std::min<std::size_t>(channel->send_window.left(), channel->peer_max_packet);
}

std::size_t ConnectionProtocol::send_data(ChannelId id, DataType type, Bytes data) {
  const MutableBytes slot = prepare_data(id, type, data.size());
  if (slot.empty()) return 0;
  std::memcpy(slot.data(), data.data(), slot.size());
  commit_data(slot.size());
  return slot.size();
}

MutableBytes ConnectionProtocol::prepare_data(ChannelId id, DataType type, std::size_t max) {
  const std::size_t size = std::min(writable(id), max);
  if (size == 0) return {};
  slot_header_ = type == DataType::standard ? data_header : extended_data_header;
  slot_ = transport_.begin_packet(slot_header_ + size);
  if (slot_.empty()) return {};
  prepared_ = channels_.find(id);
  slot_[0] = std::byte{type == DataType::standard ? msg::channel_data : msg::channel_extended_data};
  store_u32(&slot_[1], prepared_->peer_id);
  if (type != DataType::standard) store_u32(&slot_[5], static_cast<std::uint32_t>(type));
  return slot_.subspan(slot_header_, size);
}

void ConnectionProtocol::commit_data(std::size_t size) {
  if (prepared_ == nullptr) return;
  if (size > 0) {
    store_u32(&slot_[slot_header_ - 4], static_cast<std::uint32_t>(size));
    prepared_->send_window.take(size);
  }
  prepared_ = nullptr;
  transport_.end_packet(size == 0 ? 0 : slot_header_ + size);
}

void ConnectionProtocol::consumed(ChannelId id, std::size_t bytes) {
  if (ChannelRecord* channel = channels_.find(id)) give_credit(*channel, bytes);
}

void ConnectionProtocol::give_credit(ChannelRecord& channel, std::size_t bytes) {
  if (!channel.state.receiving()) return;
  const std::uint32_t given = channel.receive_window.consume(bytes, now_, window_growth_left_);
  if (given > 0) send_adjust(transport_, channel.peer_id, given);
}

void ConnectionProtocol::send_eof(ChannelId id) {
  ChannelRecord* channel = channels_.find(id);
  if (channel != nullptr && channel->state.send_eof())
    send_short(transport_, msg::channel_eof, channel->peer_id);
}

void ConnectionProtocol::close_channel(ChannelId id) {
  ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr) return;
  if (channel->state.undecided())
    refuse_open(id, OpenFailure::administratively_prohibited, "refused");
  else
    send_close(id, *channel);
}

void ConnectionProtocol::send_close(ChannelId id, ChannelRecord& channel) {
  if (!channel.state.send_close()) return;
  channel.requests.clear();
  send_short(transport_, msg::channel_close, channel.peer_id);
  if (channel.state.finished()) erase(id);
}

void ConnectionProtocol::send_request(ChannelId id, std::string_view name, bool want_reply, Bytes payload) {
  ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr || !channel->state.may_send()) return;
  if (want_reply) ++channel->replies_expected;
  ByteBuffer message;
  WireWriter(message)
      .byte(msg::channel_request)
      .u32(channel->peer_id)
      .string(name)
      .boolean(want_reply)
      .raw(payload);
  send_built(transport_, message);
}

void ConnectionProtocol::reply(ChannelId id, std::uint32_t ticket, bool success) {
  ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr) return;
  channel->requests.answer(ticket, success);
  send_answers(*channel);
}

void ConnectionProtocol::send_answers(ChannelRecord& channel) {
  while (const auto answer = channel.requests.pop())
    send_short(transport_, answer->success ? msg::channel_success : msg::channel_failure, channel.peer_id);
}

void ConnectionProtocol::send_global_request(std::string_view name, bool want_reply, Bytes payload) {
  if (want_reply) ++global_replies_expected_;
  ByteBuffer message;
  WireWriter(message).byte(msg::global_request).string(name).boolean(want_reply).raw(payload);
  send_built(transport_, message);
}

void ConnectionProtocol::reply_global(std::uint32_t ticket, bool success, Bytes payload) {
  global_requests_.answer(ticket, success, payload);
  send_global_answers();
}

// RFC 4254 section 4: only a success carries data. On a link a refusal carries its reason (agent_link.hpp).
void ConnectionProtocol::send_global_answers() {
  while (const auto answer = global_requests_.pop()) {
    ByteBuffer message;
    WireWriter writer(message);
    writer.byte(answer->success ? msg::request_success : msg::request_failure);
    if (answer->success || config_.role == Role::link) writer.raw(answer->payload);
    send_built(transport_, message);
  }
}

void ConnectionProtocol::erase(ChannelId id) {
  window_growth_left_ += channels_.find(id)->receive_window.size() - config_.window;
  channels_.erase(id);
}

}  // namespace fairlead::ssh
