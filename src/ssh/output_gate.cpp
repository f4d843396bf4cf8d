// SPDX-License-Identifier: Apache-2.0
// The order of turns.
#include "ssh/output_gate.hpp"

#include <fairlead/ssh/limits.hpp>

namespace fairlead::ssh {

Task<OutputGate::Turn> OutputGate::wait() {
  if (open_now()) co_return take();
  if (ended_) co_return Turn();
  const bool given = co_await waiting_.wait(executor_);
  // next() has already marked the turn as taken for us.
  if (!given || ended_) co_return Turn();
  co_return Turn(this);
}

void OutputGate::output_is(std::size_t size) noexcept {
  if (size >= limits::output_high_water)
    full_ = true;
  else if (size <= limits::output_low_water)
    full_ = false;
  next();
}

void OutputGate::end() noexcept {
  ended_ = true;
  waiting_.wake_all();
}

void OutputGate::give_back() noexcept {
  taken_ = false;
  next();
}

void OutputGate::next() noexcept {
  if (taken_ || full_ || ended_ || waiting_.empty()) return;
  taken_ = true;
  waiting_.wake_one();
}

}  // namespace fairlead::ssh
