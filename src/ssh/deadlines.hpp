// SPDX-License-Identifier: Apache-2.0
// The deadlines of one connection, which share one timer (style guide, C3).
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace fairlead::ssh {

enum class Deadline : std::uint8_t {
  login,    // from accept() or connect() to the end of authentication, whatever happens in between
  backlog,  // the peer causes replies and does not read them
  tick,     // the engine has deadlines of its own and wants to be asked now and then
  alive,    // time for a keepalive
  lull,     // a bulk transfer may have paused
  parting,  // what is left to send after the end
};

// Arithmetic only; the owner runs the timer.
class Deadlines {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void set(Deadline which, Time when) noexcept { times_[index(which)] = when; }
  void clear(Deadline which) noexcept { times_[index(which)] = Time::max(); }
  void clear_all() noexcept { times_.fill(Time::max()); }
  [[nodiscard]] bool is_set(Deadline which) const noexcept { return times_[index(which)] != Time::max(); }
  // Time::max() when none is set.
  [[nodiscard]] Time earliest() const noexcept;
  // One that is due, which is cleared.
  [[nodiscard]] std::optional<Deadline> take_due(Time now) noexcept;

 private:
  static constexpr std::size_t count = static_cast<std::size_t>(Deadline::parting) + 1;
  static constexpr std::size_t index(Deadline which) noexcept { return static_cast<std::size_t>(which); }

  std::array<Time, count> times_{Time::max(), Time::max(), Time::max(),
                                 Time::max(), Time::max(), Time::max()};
};

}  // namespace fairlead::ssh
