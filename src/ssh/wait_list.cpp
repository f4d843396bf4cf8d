// SPDX-License-Identifier: Apache-2.0
// The waiters of a WaitList: an intrusive queue of completion handlers.
#include "ssh/wait_list.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>

#include <utility>

namespace fairlead::ssh {

class WaitList::Waiter {
 public:
  Waiter(WaitList& list, asio::any_io_executor executor) : list_(list), executor_(std::move(executor)) {}
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  // Destroyed while parked only when the frame dies without having been resumed (a destroyed io_context).
  ~Waiter() {
    if (!handler_) return;
    unlink();
    if (slot_.is_connected()) slot_.clear();
  }

  void park(asio::any_completion_handler<void()> handler, asio::cancellation_slot slot) {
    handler_.swap(handler);  // 1.81: move assignment recurses
    slot_ = slot;
    previous_ = std::exchange(list_.last_, this);
    (previous_ ? previous_->next_ : list_.first_) = this;
    if (slot_.is_connected())
      slot_.assign([this](asio::cancellation_type) {
        if (handler_) resume();
      });
  }

  void wake() noexcept {
    woken_ = true;
    resume();
  }
  [[nodiscard]] bool woken() const noexcept { return woken_; }

 private:
  void unlink() noexcept {
    (previous_ ? previous_->next_ : list_.first_) = next_;
    (next_ ? next_->previous_ : list_.last_) = previous_;
  }

  void resume() noexcept {
    unlink();
    asio::any_completion_handler<void()> handler;
    handler.swap(handler_);
    const asio::any_io_executor executor = executor_;  // this dies with the handler
    resume_later(executor, std::move(handler));
  }

  WaitList& list_;
  asio::any_io_executor executor_;
  asio::any_completion_handler<void()> handler_;
  asio::cancellation_slot slot_;
  Waiter* previous_ = nullptr;
  Waiter* next_ = nullptr;
  bool woken_ = false;
};

Task<bool> WaitList::wait(asio::any_io_executor executor) {
  Waiter waiter(*this, std::move(executor));
  auto park = [&waiter](auto handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    waiter.park(std::move(handler), slot);
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(park, asio::use_awaitable);
  co_return waiter.woken();
}

void WaitList::wake_one() noexcept {
  if (first_) first_->wake();
}

void WaitList::wake_all() noexcept {
  while (first_) first_->wake();
}

}  // namespace fairlead::ssh
