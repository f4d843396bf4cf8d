// SPDX-License-Identifier: Apache-2.0
// RFC 4254 section 5.2's windows, exact to the byte: SendWindow is the peer's to grant, ReceiveWindow ours.
#pragma once

#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/limits.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace fairlead::ssh {

// Bytes that we may still send.
class SendWindow {
 public:
  SendWindow() = default;
  explicit SendWindow(std::uint32_t size) noexcept : left_(size) {}

  [[nodiscard]] std::size_t left() const noexcept { return left_; }
  // RFC 4254 section 5.2: never above 2^32 - 1; a window that wraps would stall or flood (russh
  // GHSA-h5rc-j5f5-3gcm).
  [[nodiscard]] Result<> grow(std::uint32_t bytes) noexcept {
    if (std::uint64_t{left_} + bytes > std::numeric_limits<std::uint32_t>::max())
      return failure(Errc::window_overflow);
    left_ += bytes;
    return {};
  }
  // At most left().
  void take(std::size_t bytes) noexcept { left_ -= static_cast<std::uint32_t>(bytes); }

 private:
  std::uint32_t left_ = 0;
};

// Bytes that the peer may still send, and what it is owed.
//
//   size = credit (the peer may send) + held (delivered, not consumed) + owed (consumed, not given back)
class ReceiveWindow {
 public:
  using Clock = std::chrono::steady_clock;

  ReceiveWindow() = default;
  explicit ReceiveWindow(std::uint32_t size) noexcept : size_(size), credit_(size) {}

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t credit() const noexcept { return credit_; }

  [[nodiscard]] Result<> receive(std::size_t bytes, Clock::time_point now) noexcept {
    if (bytes > credit_) return failure(Errc::window_exceeded);
    if (watch_pause_) note_pause(now);
    credit_ -= static_cast<std::uint32_t>(bytes);
    held_ += static_cast<std::uint32_t>(bytes);
    return {};
  }

  // The application has taken bytes (more than were delivered counts as all of them). Returns what
  // WINDOW_ADJUST shall give back now: nothing until half of the window is owed, so that the peer gets few
  // adjustments and is never stuck. Growing takes from `growth_left`, which all channels of a connection
  // share.
  [[nodiscard]] std::uint32_t consume(std::size_t bytes, Clock::time_point now,
                                      std::uint32_t& growth_left) noexcept {
    const auto taken = static_cast<std::uint32_t>(std::min<std::size_t>(bytes, held_));
    held_ -= taken;
    owed_ += taken;
    if (owed_ == 0 || owed_ < size_ / 2) return 0;
    const std::uint32_t growth = growth_wanted(now, growth_left);
    growth_left -= growth;
    size_ += growth;
    const std::uint32_t given = owed_ + growth;
    credit_ += given;
    owed_ = 0;
    return given;
  }

 private:
  // A window is too small when the peer, each time, has used it up and waits for our adjustment to make the
  // round trip: then the data pauses right after each adjustment, for a good part of the time between two.
  // Half a megabyte that comes within a millisecond needs no larger window on any network, and larger windows
  // cost the client (design section 6).
  static constexpr auto shortest_pause = std::chrono::milliseconds(1);
  static constexpr int pauses_before_growth = 4;

  void note_pause(Clock::time_point now) noexcept {
    watch_pause_ = false;
    const auto pause = now - adjusted_at_;
    pauses_ = pause >= shortest_pause && pause >= turnover_ / 4 ? pauses_ + 1 : 0;
  }

  // Doubles, if the application keeps up and the window is what slows the peer down.
  [[nodiscard]] std::uint32_t growth_wanted(Clock::time_point now, std::uint32_t growth_left) noexcept {
    turnover_ = now - adjusted_at_;
    adjusted_at_ = now;
    watch_pause_ = true;
    if (pauses_ < pauses_before_growth || held_ > size_ / 8) return 0;
    if (size_ > growth_left || size_ > limits::largest_window / 2) return 0;
    pauses_ = 0;
    return size_;
  }

  std::uint32_t size_ = 0;
  std::uint32_t credit_ = 0;
  std::uint32_t held_ = 0;
  std::uint32_t owed_ = 0;
  int pauses_ = 0;
  bool watch_pause_ = false;
  Clock::time_point adjusted_at_;
  Clock::duration turnover_{};
};

}  // namespace fairlead::ssh
