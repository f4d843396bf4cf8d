// SPDX-License-Identifier: Apache-2.0
// Coroutine vocabulary shared by every module: Task, Event, Queue, Stream, TaskScope.
// Nothing here is thread-safe: all users of one object run on one executor.
#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstddef>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace fairlead::ssh {

namespace asio = boost::asio;

template <class T = void>
using Task = asio::awaitable<T>;

// Calls `waiter` from the executor and never from inside this. Without memory for that its coroutine is
// destroyed instead: to wake somebody never fails (TH-7), and what the coroutine owned is given up.
inline void resume_later(const asio::any_io_executor& executor,
                         asio::any_completion_handler<void()> waiter) noexcept {
  try {
    // Wrapped, because to ask the handler for its executor allocates in 1.81, and a failure there crashes.
    asio::post(executor, [waiter = std::move(waiter)]() mutable { std::move(waiter)(); });
  } catch (const std::exception&) {
    return;
  }
}

// Wakes the one waiting coroutine. A notification nobody waits for is remembered, so none is lost.
// Wake-ups may be spurious (cancellation): wait in a loop on the condition itself.
class Event {
 public:
  explicit Event(asio::any_io_executor executor) : executor_(std::move(executor)) {}
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void notify() noexcept {
    if (waiter_)
      wake();
    else
      signalled_ = true;
  }

  Task<> wait() {
    if (std::exchange(signalled_, false)) co_return;
    auto suspend = [this](auto handler) {
      auto slot = asio::get_associated_cancellation_slot(handler);
      asio::any_completion_handler<void()>(std::move(handler))
          .swap(waiter_);  // 1.81: move assignment recurses
      if (slot.is_connected())
        slot.assign([this](asio::cancellation_type) {
          if (waiter_) wake();
        });
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(suspend, asio::use_awaitable);
  }

 private:
  void wake() noexcept { resume_later(executor_, std::exchange(waiter_, nullptr)); }

  asio::any_io_executor executor_;
  asio::any_completion_handler<void()> waiter_;
  bool signalled_ = false;
};

// Bounded single-consumer queue, the counterpart of a Go channel.
template <class T>
class Queue {
 public:
  Queue(asio::any_io_executor executor, std::size_t capacity)
      : ready_(std::move(executor)), capacity_(capacity) {}

  // Never waits: what a full queue means (refuse, disconnect) is the producer's decision.
  [[nodiscard]] bool try_push(T value) {
    if (closed_ || items_.size() == capacity_) return false;
    items_.push_back(std::move(value));
    ready_.notify();
    return true;
  }

  // Items already queued are still delivered; then next() yields nullopt.
  void close() {
    closed_ = true;
    ready_.notify();
  }

  Task<std::optional<T>> next() {
    while (items_.empty() && !closed_) co_await ready_.wait();
    if (items_.empty()) co_return std::nullopt;
    std::optional<T> front(std::move(items_.front()));
    items_.pop_front();
    co_return front;
  }

 private:
  Event ready_;
  std::list<T> items_;  // holds no memory when empty, unlike a deque: most queues are
  std::size_t capacity_;
  bool closed_ = false;
};

// The consumer's end of a Queue; dropping it closes the queue.
template <class T>
class Stream {
 public:
  explicit Stream(std::shared_ptr<Queue<T>> queue) : queue_(std::move(queue)) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&&) noexcept = default;
  ~Stream() {
    if (queue_) queue_->close();
  }

  [[nodiscard]] Task<std::optional<T>> next() { return queue_->next(); }

 private:
  std::shared_ptr<Queue<T>> queue_;
};

// Owns child coroutines: spawn() is Go's `go`, join() waits for all, destruction cancels what still runs.
// Children must own what they touch (take handles by value): they may outlive the spawning frame.
class TaskScope {
 public:
  using OnFailure = std::function<void(std::exception_ptr)>;

  explicit TaskScope(asio::any_io_executor executor, OnFailure on_failure = {})
      : state_(std::make_shared<State>(std::move(executor), std::move(on_failure))) {}
  TaskScope(TaskScope&&) noexcept = default;
  TaskScope& operator=(TaskScope&&) = delete;
  ~TaskScope() {
    if (state_) cancel();
  }

  void spawn(Task<> task) {
    auto child = state_->children.emplace(state_->children.end());
    auto finished = [state = state_, child](std::exception_ptr failure) {
      state->children.erase(child);
      if (failure && state->on_failure) state->on_failure(failure);
      if (state->children.empty()) state->idle.notify();
    };
    asio::co_spawn(state_->executor, std::move(task),
                   asio::bind_cancellation_slot(child->slot(), std::move(finished)));
  }

  void cancel() {
    for (auto child = state_->children.begin(); child != state_->children.end();)
      (child++)->emit(asio::cancellation_type::terminal);
  }

  [[nodiscard]] Task<> join() {
    while (!state_->children.empty()) co_await state_->idle.wait();
  }

 private:
  struct State {
    State(asio::any_io_executor e, OnFailure f)
        : executor(std::move(e)), idle(executor), on_failure(std::move(f)) {}
    asio::any_io_executor executor;
    Event idle;
    OnFailure on_failure;
    std::list<asio::cancellation_signal> children;
  };
  std::shared_ptr<State> state_;
};

}  // namespace fairlead::ssh
