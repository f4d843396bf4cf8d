// SPDX-License-Identifier: Apache-2.0
// The transitions of ChannelState.
#include "protocol/channel_state.hpp"

namespace fairlead::ssh {

Result<> ChannelState::on_confirmation() noexcept {
  if (phase_ != Phase::requested)
    return failure(Errc::unexpected_message, "open confirmation without an open");
  phase_ = Phase::open;
  return {};
}

Result<> ChannelState::on_open_failure() const noexcept {
  if (phase_ != Phase::requested) return failure(Errc::unexpected_message, "open failure without an open");
  return {};
}

Result<ChannelState::Delivery> ChannelState::on_message() const noexcept {
  // A peer learns the number of an offered channel from our confirmation only, so it has guessed.
  if (phase_ == Phase::offered) return failure(Errc::unknown_channel);
  if (phase_ == Phase::requested) return failure(Errc::unexpected_message, "channel not confirmed yet");
  // RFC 4254 section 5.3: nothing follows CLOSE.
  if (incoming_ == Flow::closed) return failure(Errc::unexpected_message, "channel message after close");
  return outgoing_ == Flow::closed ? Delivery::discard : Delivery::deliver;
}

Result<ChannelState::Delivery> ChannelState::on_data() const noexcept {
  auto delivery = on_message();
  if (delivery && incoming_ == Flow::eof)
    return failure(Errc::unexpected_message, "channel data after end of file");
  return delivery;
}

Result<ChannelState::Delivery> ChannelState::on_request() const noexcept {
  return on_message();
}

Result<ChannelState::Delivery> ChannelState::on_adjust() const noexcept {
  if (incoming_ == Flow::closed) return Delivery::discard;
  return on_message();
}

Result<ChannelState::Delivery> ChannelState::on_eof() noexcept {
  auto delivery = on_message();
  if (!delivery) return delivery;
  // x/crypto sends EOF as often as CloseWrite() is called; once is enough to know.
  if (incoming_ == Flow::eof) return Delivery::discard;
  incoming_ = Flow::eof;
  return delivery;
}

Result<> ChannelState::on_close() noexcept {
  if (auto delivery = on_message(); !delivery) return std::unexpected(delivery.error());
  incoming_ = Flow::closed;
  return {};
}

bool ChannelState::send_eof() noexcept {
  if (!may_send_data()) return false;
  outgoing_ = Flow::eof;
  return true;
}

bool ChannelState::send_close() noexcept {
  if (phase_ == Phase::requested) abandoned_ = true;
  if (phase_ != Phase::open || outgoing_ == Flow::closed) return false;
  outgoing_ = Flow::closed;
  return true;
}

}  // namespace fairlead::ssh
