// SPDX-License-Identifier: Apache-2.0
// Packets in and out, the messages that concern nobody else, and the gate.
#include "protocol/transport.hpp"

#include "base/secret.hpp"
#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"

#include <fairlead/ssh/limits.hpp>

#include <limits>
#include <tuple>
#include <utility>

namespace fairlead::ssh {

ByteBuffer disconnect_message(DisconnectReason reason, std::string_view text) {
  ByteBuffer message;
  WireWriter(message).byte(msg::disconnect).u32(static_cast<std::uint32_t>(reason)).string(text).string("");
  return message;
}

Transport::Transport() noexcept : writer_(output_, nullptr) {}
Transport::Transport(RandomSource& random) noexcept : writer_(output_, &random) {}

Result<Transport::Step> Transport::next(MutableBytes& input, Clock::time_point now) {
  now_ = now;
  while (!ended_) {
    if (tell_writable_ && gate_open()) {
      tell_writable_ = false;
      return EngineEvent(event::Writable{});
    }
    if (paused_ || awaiting_owner_) return EngineEvent(event::NeedMore{});
    auto step = receive(input);
    if (!step) return fail(step.error());
    if (*step) return std::move(**step);
  }
  return std::unexpected(error_);
}

Transport::Received Transport::receive(MutableBytes& input) {
  if (!identified_) {
    const auto identified = receive_identification(input);
    if (!identified) return std::unexpected(identified.error());
    if (!*identified) return EngineEvent(event::NeedMore{});
    identified_ = true;
  }
  const auto packet = reader_.next(input);
  if (!packet) return std::unexpected(packet.error());
  if (!*packet) return EngineEvent(event::NeedMore{});
  received_sequence_ = (*packet)->sequence;
  check_keys();
  if (ended_) return std::unexpected(error_);

  const MutableBytes payload = (*packet)->payload;
  const auto number = std::to_integer<std::uint8_t>(payload[0]);
  if (skips(number)) return std::nullopt;
  const Situation at = situation();
  // PK-7: nobody honest needs 2^32 packets for one key exchange.
  if (at.phase < Phase::service && received_sequence_ == std::numeric_limits<std::uint32_t>::max())
    return failure(Errc::key_exhausted, "sequence number wraps in the first key exchange");
  switch (verdict(at, number)) {
    case Legality::process:
      return handle(payload);
    case Legality::ignore:
      return std::nullopt;
    case Legality::unimplemented:
      send_unimplemented();
      return std::nullopt;
    case Legality::disconnect:
      break;
  }
  return failure(Errc::unexpected_message);
}

Situation Transport::situation() const noexcept {
  return {Role::link, Phase::open, false};
}

Transport::Received Transport::handle(MutableBytes payload) {
  const auto number = std::to_integer<std::uint8_t>(payload[0]);
  if (number == msg::ping) {
    on_ping(payload);
    return std::nullopt;
  }
  if (number > msg::last_kex) return Message{payload};
  if (number == msg::disconnect) return on_disconnect(payload);
  return on_transport_message(payload);
}

Transport::Received Transport::on_transport_message(Bytes /*payload*/) {
  return failure(Errc::unexpected_message);
}

Transport::Step Transport::on_disconnect(Bytes payload) {
  WireReader reader(payload.subspan(1));
  const auto reason = static_cast<DisconnectReason>(reader.u32());
  const std::string_view text = reader.text();
  end({Errc::disconnected_by_peer});
  return EngineEvent(event::Disconnected{.reason = reason, .text = text});
}

void Transport::on_ping(MutableBytes payload) {
  // The answer has the same body: the message becomes its own reply.
  payload[0] = std::byte{msg::pong};
  send(payload);
}

MutableBytes Transport::begin_packet(std::size_t max_size) {
  if (!gate_open()) return {};
  return writer_.begin_packet(max_size);
}

void Transport::end_packet(std::size_t payload_size) {
  const auto sealed = writer_.end_packet(payload_size);
  if (!sealed) std::ignore = fail(sealed.error());
  check_keys();
}

void Transport::send(Bytes payload) {
  if (ended_) return;
  if (gate_open_) {
    seal_control(payload);
    check_keys();
    return;
  }
  if (held_back_.size() + 4 + payload.size() > limits::gated_control) {
    std::ignore = fail({Errc::output_overflow, "during a key exchange"});
    return;
  }
  WireWriter(held_back_).string(payload);
}

void Transport::seal_control(Bytes payload) {
  const std::size_t before = output_.size();
  const auto sealed = writer_.write(payload);
  if (!sealed) std::ignore = fail(sealed.error());
  control_backlog_ += output_.size() - before;
}

void Transport::open_gate(bool tell) {
  gate_open_ = true;
  tell_writable_ = tell;
  ByteBuffer waiting = std::move(held_back_);
  WireReader reader(waiting.readable());
  while (!ended_ && !reader.rest().empty()) seal_control(reader.string());
  wipe(waiting.readable());  // a client's password may have waited
}

void Transport::send_unimplemented() {
  std::byte answer[5] = {std::byte{msg::unimplemented}};
  store_u32(answer + 1, received_sequence_);
  send(answer);
}

void Transport::disconnect(DisconnectReason reason, std::string_view text) {
  if (ended_) return;
  send_disconnect(reason, text);
  end({Errc::connection_closed});
}

void Transport::send_disconnect(DisconnectReason reason, std::string_view text) {
  const ByteBuffer message = disconnect_message(reason, text);
  // Keys that are used up leave nothing to say it with.
  std::ignore = writer_.write(message.readable());
}

std::unexpected<Error> Transport::fail(Error error, std::string_view text) {
  if (!ended_) {
    send_farewell(error, text.empty() ? message(error.code) : text);
    end(error);
  }
  return std::unexpected(error);
}

void Transport::end(Error error) noexcept {
  ended_ = true;
  error_ = error;
  wipe(held_back_.readable());
  held_back_.clear();
}

}  // namespace fairlead::ssh
