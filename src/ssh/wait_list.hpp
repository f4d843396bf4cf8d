// SPDX-License-Identifier: Apache-2.0
// Coroutines that wait for the same thing, woken first come, first served.
#pragma once

#include <fairlead/ssh/async.hpp>

namespace fairlead::ssh {

// Waiting allocates nothing: a waiter lives in the frame of wait(). Whoever owns a list wakes everybody
// before the list dies, since a parked frame may own the list's owner (style guide, C7).
class WaitList {
 public:
  WaitList() = default;
  WaitList(const WaitList&) = delete;
  WaitList& operator=(const WaitList&) = delete;

  // True when wake_one() or wake_all() did it, false when the waiting coroutine was cancelled. The condition
  // itself is the caller's to look at again.
  [[nodiscard]] Task<bool> wait(asio::any_io_executor executor);

  // Waiters are resumed by a post, never inside these calls.
  void wake_one() noexcept;
  void wake_all() noexcept;
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }

 private:
  class Waiter;
  Waiter* first_ = nullptr;
  Waiter* last_ = nullptr;
};

}  // namespace fairlead::ssh
