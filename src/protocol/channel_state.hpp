// SPDX-License-Identifier: Apache-2.0
// How far a channel is: opening, open, each direction half closed, closed. Events change the state; sending
// is done elsewhere.
//
//   requested ──on_confirmation──► open ◄──confirm── offered          (on_open_failure and refusal end the
//   channel)
//
//   peer to us:  flowing ──on_eof──► eof ──on_close──► closed          (on_close also straight from flowing)
//   us to peer:  flowing ──send_eof──► eof ──send_close──► closed      (send_close also straight from
//   flowing)
#pragma once

#include <fairlead/ssh/error.hpp>

#include <cstdint>

namespace fairlead::ssh {

class ChannelState {
 public:
  // What to do with a message that the state allows.
  enum class Delivery : std::uint8_t {
    deliver,
    discard,  // it was on its way when our CLOSE left
  };

  [[nodiscard]] static ChannelState requested() noexcept { return ChannelState(Phase::requested); }
  [[nodiscard]] static ChannelState offered() noexcept { return ChannelState(Phase::offered); }

  // --- messages of the peer; an error means that the state does not allow them
  [[nodiscard]] Result<> on_confirmation() noexcept;
  [[nodiscard]] Result<> on_open_failure() const noexcept;
  [[nodiscard]] Result<Delivery> on_data() const noexcept;
  [[nodiscard]] Result<Delivery> on_request() const noexcept;
  [[nodiscard]] Result<Delivery> on_reply() const noexcept { return on_request(); }
  // A window adjustment, which may cross with a CLOSE of either side.
  [[nodiscard]] Result<Delivery> on_adjust() const noexcept;
  [[nodiscard]] Result<Delivery> on_eof() noexcept;
  [[nodiscard]] Result<> on_close() noexcept;

  // --- our own steps: true when the message is to be sent now, which is at most once
  void confirm() noexcept { phase_ = Phase::open; }
  [[nodiscard]] bool send_eof() noexcept;
  // While the peer has not confirmed our open, this is remembered: abandoned() then.
  [[nodiscard]] bool send_close() noexcept;

  // --- what is allowed
  [[nodiscard]] bool undecided() const noexcept { return phase_ == Phase::offered; }
  [[nodiscard]] bool abandoned() const noexcept { return abandoned_; }
  [[nodiscard]] bool may_send() const noexcept {
    return phase_ == Phase::open && outgoing_ != Flow::closed && incoming_ != Flow::closed;
  }
  [[nodiscard]] bool may_send_data() const noexcept { return may_send() && outgoing_ == Flow::flowing; }
  // More data can come and is wanted, so that credit is worth giving.
  [[nodiscard]] bool receiving() const noexcept { return may_send() && incoming_ == Flow::flowing; }
  // Both CLOSEs have passed: the number is free.
  [[nodiscard]] bool finished() const noexcept {
    return incoming_ == Flow::closed && outgoing_ == Flow::closed;
  }

 private:
  enum class Phase : std::uint8_t { requested, offered, open };
  enum class Flow : std::uint8_t { flowing, eof, closed };

  explicit ChannelState(Phase phase) noexcept : phase_(phase) {}
  // What every message on an open channel has to pass.
  [[nodiscard]] Result<Delivery> on_message() const noexcept;

  Phase phase_;
  Flow incoming_ = Flow::flowing;
  Flow outgoing_ = Flow::flowing;
  bool abandoned_ = false;
};

}  // namespace fairlead::ssh
