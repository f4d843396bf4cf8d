// SPDX-License-Identifier: Apache-2.0
// Waits for a task of somebody else's, and can be told from outside to stop waiting.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <exception>
#include <utility>

namespace fairlead::ssh {

// One task at a time. interrupt() cancels it, and so does the cancellation of whoever waits; run() then
// throws what the task makes of that, as a rule operation_aborted.
class Interruptible {
 public:
  Interruptible() = default;
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;

  template <class T>
  [[nodiscard]] Task<T> run(Task<T> task) {
    const auto executor = co_await asio::this_coro::executor;
    const auto state = co_await asio::this_coro::cancellation_state;
    const Forwarded forwarded(state.slot(), signal_);
    auto token = asio::bind_cancellation_slot(signal_.slot(), asio::use_awaitable);
    co_return co_await asio::co_spawn(executor, std::move(task), std::move(token));
  }
  void interrupt() noexcept {
    try {
      signal_.emit(asio::cancellation_type::terminal);
    } catch (const std::exception&) {
      return;  // no memory (TH-7): then it waits to its own end
    }
  }

 private:
  // The waiting coroutine's own cancellation reaches the task while this lives.
  class Forwarded {
   public:
    Forwarded(asio::cancellation_slot outer, asio::cancellation_signal& inner) : outer_(outer) {
      if (outer_.is_connected()) outer_.assign([&inner](asio::cancellation_type type) { inner.emit(type); });
    }
    Forwarded(const Forwarded&) = delete;
    Forwarded& operator=(const Forwarded&) = delete;
    ~Forwarded() { outer_.clear(); }

   private:
    asio::cancellation_slot outer_;
  };

  asio::cancellation_signal signal_;
};

}  // namespace fairlead::ssh
