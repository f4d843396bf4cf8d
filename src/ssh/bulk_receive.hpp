// SPDX-License-Identifier: Apache-2.0
// Fewer wake-ups while a peer uploads (design section 6, lesson 3).
#pragma once

#include <chrono>
#include <cstddef>

namespace fairlead::ssh {

// While data keeps coming, the kernel wakes us for a big piece and not for every packet. Whoever uses this
// asks lull() when nothing has come for lull_time: a smaller rest lies in the kernel then.
class BulkReceive {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds lull_time{3};

  // Call after every receive from this TCP socket; true while a bulk transfer runs.
  bool received(int socket, std::size_t size, Clock::time_point now) noexcept;
  // The transfer has paused or is over.
  void lull(int socket) noexcept;

 private:
  std::size_t run_ = 0;  // bytes without a lull
  Clock::time_point last_;
  bool bulk_ = false;
};

}  // namespace fairlead::ssh
