// SPDX-License-Identifier: Apache-2.0
// A line of timers: each waits until its deadline, or until the slot before it is passed on.
#include "webhook/slots.hpp"

#include <boost/asio/redirect_error.hpp>

#include <algorithm>

namespace fairlead::webhook {
namespace {

namespace asio = ssh::asio;

// In line until its end comes, or its turn.
class Place {
 public:
  Place(std::list<asio::steady_timer*>& line, asio::steady_timer& timer) : line_(line), timer_(&timer) {
    line_.push_back(timer_);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() { line_.remove(timer_); }

  [[nodiscard]] bool still_waiting() const { return std::ranges::find(line_, timer_) != line_.end(); }

 private:
  std::list<asio::steady_timer*>& line_;
  asio::steady_timer* timer_;
};

}  // namespace

Slots::Slot::~Slot() {
  if (!line_) return;
  if (line_->waiting.empty()) {
    ++line_->free;
    return;
  }
  asio::steady_timer* next = line_->waiting.front();
  line_->waiting.pop_front();
  next->cancel();
}

ssh::Task<std::optional<Slots::Slot>> Slots::enter(std::chrono::steady_clock::time_point deadline) const {
  const auto line = line_;
  if (line->free > 0) {
    --line->free;
    co_return Slot(line);
  }
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  const Place place(line->waiting, timer);
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (place.still_waiting()) co_return std::nullopt;
  co_return Slot(line);
}

}  // namespace fairlead::webhook
