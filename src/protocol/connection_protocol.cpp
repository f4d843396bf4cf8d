// SPDX-License-Identifier: Apache-2.0
// Receiving half of the connection protocol: each message decoded, checked against the channel's state, told
// as an event.
#include "protocol/connection_protocol.hpp"

#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/global_requests.hpp>

#include <algorithm>

namespace fairlead::ssh {
namespace {

std::unexpected<Error> malformed(const char* what) {
  return failure(Errc::bad_message, what);
}

// Reasons beyond RFC 4254's four are told as the mildest of them.
OpenFailure known_reason(std::uint32_t reason) noexcept {
  return reason >= 1 && reason <= 4 ? OpenFailure{reason} : OpenFailure::connect_failed;
}

}  // namespace

Result<std::optional<EngineEvent>> ConnectionProtocol::on_message(Bytes payload, Clock::time_point now) {
  now_ = now;
  const Bytes body = payload.subspan(1);
  switch (std::to_integer<std::uint8_t>(payload[0])) {
    case msg::channel_data:
      return on_data(body);
    case msg::channel_extended_data:
      return on_extended_data(body);
    case msg::channel_window_adjust:
      return on_window_adjust(body);
    case msg::channel_request:
      return on_request(body);
    case msg::channel_success:
      return on_reply(body, true);
    case msg::channel_failure:
      return on_reply(body, false);
    case msg::channel_eof:
      return on_eof(body);
    case msg::channel_close:
      return on_close(body);
    case msg::channel_open:
      return on_open(body);
    case msg::channel_open_confirmation:
      return on_confirmation(body);
    case msg::channel_open_failure:
      return on_open_failure(body);
    case msg::global_request:
      return on_global_request(body);
    case msg::request_success:
      return on_global_reply(body, true);
    case msg::request_failure:
      return on_global_reply(body, false);
    default:
      return failure(Errc::unexpected_message);
  }
}

Result<ConnectionProtocol::Target> ConnectionProtocol::target(WireReader& reader) const {
  const ChannelId id = reader.u32();
  if (!reader.ok()) return malformed("recipient channel");
  ChannelRecord* record = channels_.find(id);
  if (record == nullptr) return failure(Errc::unknown_channel);
  return Target{.id = id, .record = record};
}

Result<std::optional<std::uint32_t>> ConnectionProtocol::admit(TicketQueue& queue, std::string_view name,
                                                               bool want_reply) const {
  const bool overlong = name.size() > limits::request_name;
  if (want_reply && !overlong) return queue.push(config_.unanswered_requests);
  if (!overlong) return 0;
  if (!want_reply) return std::nullopt;
  if (auto refused = queue.push_refused(); !refused) return std::unexpected(refused.error());
  return std::nullopt;
}

ConnectionProtocol::Told ConnectionProtocol::on_global_request(Bytes body) {
  WireReader reader(body);
  const std::string_view name = reader.text();
  const bool want_reply = reader.boolean();
  if (!reader.ok()) return malformed("global request");
  const auto ticket = admit(global_requests_, name, want_reply);
  if (!ticket) return std::unexpected(ticket.error());
  send_global_answers();
  if (!*ticket) return std::nullopt;
  no_more_sessions_ = no_more_sessions_ || name == NoMoreSessions::wire_name;
  return event::GlobalRequest{
      .ticket = **ticket, .name = name, .want_reply = want_reply, .payload = reader.rest()};
}

ConnectionProtocol::Told ConnectionProtocol::on_global_reply(Bytes body, bool success) {
  // Nobody waits for an unsolicited reply, so nothing may queue up behind it (CVE-2026-39830).
  if (global_replies_expected_ == 0) return std::nullopt;
  --global_replies_expected_;
  return event::GlobalReply{.success = success, .payload = body};
}

ConnectionProtocol::Told ConnectionProtocol::on_open(Bytes body) {
  WireReader reader(body);
  const std::string_view type = reader.text();
  const std::uint32_t peer_id = reader.u32();
  const std::uint32_t window = reader.u32();
  const std::uint32_t max_packet = reader.u32();
  if (!reader.ok()) return malformed("channel open");
  // PROTOCOL section 2.2: whoever opens a session now is not who gave them up.
  if (no_more_sessions_ && channel_type(type) == ChannelType::session)
    return failure(Errc::unexpected_message, "session after no-more-sessions");
  if (type.size() > limits::request_name) {
    send_open_failure(peer_id, OpenFailure::unknown_channel_type, "unknown channel type");
    return std::nullopt;
  }
  // Nothing could ever be sent on it, and trying would not end (CVE-2026-39834).
  if (max_packet == 0) {
    send_open_failure(peer_id, OpenFailure::administratively_prohibited, "maximum packet size is zero");
    return std::nullopt;
  }
  if (channels_.full() || channels_.undecided() >= config_.undecided_channels) {
    send_open_failure(peer_id, OpenFailure::resource_shortage, "too many channels");
    return std::nullopt;
  }
  const ChannelId id = channels_.insert(ChannelState::offered());
  ChannelRecord& channel = *channels_.find(id);
  channel.peer_id = peer_id;
  channel.peer_max_packet = std::min(max_packet, limits::channel_packet);
  channel.send_window = SendWindow(window);
  channel.receive_window = ReceiveWindow(config_.window);
  return event::ChannelOpen{.channel = id, .type = type, .extra = reader.rest()};
}

ConnectionProtocol::Told ConnectionProtocol::on_confirmation(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  const std::uint32_t peer_id = reader.u32();
  const std::uint32_t window = reader.u32();
  const std::uint32_t max_packet = reader.u32();
  if (!reader.ok() || max_packet == 0) return malformed("channel open confirmation");
  ChannelRecord& channel = *found->record;
  if (auto confirmed = channel.state.on_confirmation(); !confirmed) return std::unexpected(confirmed.error());
  channel.peer_id = peer_id;
  channel.peer_max_packet = std::min(max_packet, limits::channel_packet);
  channel.send_window = SendWindow(window);
  if (channel.state.abandoned()) {
    send_close(found->id, channel);
    return std::nullopt;
  }
  return event::OpenConfirmed{.channel = found->id, .extra = reader.rest()};
}

ConnectionProtocol::Told ConnectionProtocol::on_open_failure(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  const std::uint32_t reason = reader.u32();
  const std::string_view text = reader.text();
  // Old implementations leave the language tag out.
  if (!reader.ok()) return malformed("channel open failure");
  if (auto failed = found->record->state.on_open_failure(); !failed) return std::unexpected(failed.error());
  erase(found->id);
  return event::OpenFailed{.channel = found->id, .reason = known_reason(reason), .text = text};
}

ConnectionProtocol::Told ConnectionProtocol::on_window_adjust(Bytes body) {
  WireReader reader(body);
  const ChannelId id = reader.u32();
  const std::uint32_t bytes = reader.u32();
  if (!reader.done()) return malformed("window adjust");
  // OpenSSH may still adjust a channel that both have closed; it changes nothing.
  ChannelRecord* channel = channels_.find(id);
  if (channel == nullptr || bytes == 0) return std::nullopt;
  if (auto allowed = channel->state.on_adjust(); !allowed) return std::unexpected(allowed.error());
  if (auto grown = channel->send_window.grow(bytes); !grown) return std::unexpected(grown.error());
  if (!channel->state.may_send_data()) return std::nullopt;
  return event::Writable{id};
}

ConnectionProtocol::Told ConnectionProtocol::on_data(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  const Bytes data = reader.string();
  if (!reader.done()) return malformed("channel data");
  return receive_data(*found, DataType::standard, true, data);
}

ConnectionProtocol::Told ConnectionProtocol::on_extended_data(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  const std::uint32_t type = reader.u32();
  const Bytes data = reader.string();
  if (!reader.done()) return malformed("channel extended data");
  // RFC 4254 section 5.2: only standard error is defined, and only from where programs run.
  const bool wanted = config_.role != Role::server && type == static_cast<std::uint32_t>(DataType::stderr_);
  return receive_data(*found, DataType::stderr_, wanted, data);
}

// The maximum packet size that we announced is not enforced: the window bounds what we hold, the packet
// length the rest.
ConnectionProtocol::Told ConnectionProtocol::receive_data(Target target, DataType type, bool wanted,
                                                          Bytes data) {
  ChannelRecord& channel = *target.record;
  auto delivery = channel.state.on_data();
  if (!delivery) return std::unexpected(delivery.error());
  if (auto received = channel.receive_window.receive(data.size(), now_); !received)
    return std::unexpected(received.error());
  if (*delivery == ChannelState::Delivery::discard || data.empty()) return std::nullopt;
  if (!wanted) {
    give_credit(channel, data.size());
    return std::nullopt;
  }
  return event::ChannelData{.channel = target.id, .type = type, .data = data};
}

ConnectionProtocol::Told ConnectionProtocol::on_eof(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  if (!reader.done()) return malformed("channel eof");
  auto delivery = found->record->state.on_eof();
  if (!delivery) return std::unexpected(delivery.error());
  if (*delivery == ChannelState::Delivery::discard) return std::nullopt;
  return event::ChannelEof{found->id};
}

ConnectionProtocol::Told ConnectionProtocol::on_close(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  if (!reader.done()) return malformed("channel close");
  ChannelRecord& channel = *found->record;
  if (auto closed = channel.state.on_close(); !closed) return std::unexpected(closed.error());
  channel.requests.clear();
  if (channel.state.finished()) erase(found->id);
  return event::ChannelClosed{found->id};
}

ConnectionProtocol::Told ConnectionProtocol::on_request(Bytes body) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  const std::string_view name = reader.text();
  const bool want_reply = reader.boolean();
  if (!reader.ok()) return malformed("channel request");
  ChannelRecord& channel = *found->record;
  auto delivery = channel.state.on_request();
  if (!delivery) return std::unexpected(delivery.error());
  if (*delivery == ChannelState::Delivery::discard) return std::nullopt;
  const auto ticket = admit(channel.requests, name, want_reply);
  if (!ticket) return std::unexpected(ticket.error());
  send_answers(channel);
  if (!*ticket) return std::nullopt;
  return event::ChannelRequest{.channel = found->id,
                               .ticket = **ticket,
                               .name = name,
                               .want_reply = want_reply,
                               .payload = reader.rest()};
}

ConnectionProtocol::Told ConnectionProtocol::on_reply(Bytes body, bool success) {
  WireReader reader(body);
  auto found = target(reader);
  if (!found) return std::unexpected(found.error());
  if (!reader.done()) return malformed("channel reply");
  ChannelRecord& channel = *found->record;
  auto delivery = channel.state.on_reply();
  if (!delivery) return std::unexpected(delivery.error());
  if (*delivery == ChannelState::Delivery::discard || channel.replies_expected == 0) return std::nullopt;
  --channel.replies_expected;
  return event::ChannelReply{.channel = found->id, .success = success};
}

}  // namespace fairlead::ssh
