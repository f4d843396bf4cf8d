// SPDX-License-Identifier: Apache-2.0
// Who may put channel data into a connection's output, and when: backpressure and fairness among the
// channels.
#pragma once

#include "ssh/wait_list.hpp"

#include <cstddef>
#include <utility>

namespace fairlead::ssh {

// A writer takes a turn, sends one quantum, and gives the turn back. While output is above the high mark
// nobody gets one; below the low mark turns are given again, one at a time, in the order of asking. A writer
// that comes while others wait stands behind them.
class OutputGate {
 public:
  explicit OutputGate(asio::any_io_executor executor) : executor_(std::move(executor)) {}

  class Turn {
   public:
    Turn() = default;
    Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (gate_) gate_->give_back();
    }
    // False: the connection has ended, or the writer was cancelled.
    explicit operator bool() const noexcept { return gate_ != nullptr; }

   private:
    friend class OutputGate;
    explicit Turn(OutputGate* gate) : gate_(gate) {}
    OutputGate* gate_ = nullptr;
  };

  [[nodiscard]] bool open_now() const noexcept { return !taken_ && !full_ && waiting_.empty() && !ended_; }
  // Without waiting; only when open_now().
  [[nodiscard]] Turn take() noexcept {
    taken_ = true;
    return Turn(this);
  }
  [[nodiscard]] Task<Turn> wait();

  // Tells how much output there is now.
  void output_is(std::size_t size) noexcept;
  // Everybody who waits goes away without a turn, and nobody gets one any more.
  void end() noexcept;

 private:
  void give_back() noexcept;
  void next() noexcept;

  asio::any_io_executor executor_;
  WaitList waiting_;
  bool full_ = false;
  bool taken_ = false;  // somebody has a turn, or is about to be resumed with it
  bool ended_ = false;
};

}  // namespace fairlead::ssh
