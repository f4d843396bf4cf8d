// SPDX-License-Identifier: Apache-2.0
// The loop itself. Ready descriptors are looked up by number, so that one which an earlier callback removed
// is passed over.
#include "agent/event_loop.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace fairlead::agent {

EventLoop::Watch::Watch(EventLoop& loop, int fd, std::function<void(std::uint32_t)> on_ready)
    : loop_(loop), fd_(fd), id_(loop.next_id_++), on_ready_(std::move(on_ready)) {
  loop_.watches_.emplace(id_, this);
}

EventLoop::Watch::~Watch() {
  want(0);
  loop_.watches_.erase(id_);
}

bool EventLoop::Watch::want(std::uint32_t events) {
  if (events == wanted_) return true;
  epoll_event event{.events = events, .data = {.u64 = id_}};
  // EPOLLHUP cannot be masked: a descriptor nobody wants to hear of has to leave the set.
  const int operation = events == 0 ? EPOLL_CTL_DEL : wanted_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(loop_.epoll_.get(), operation, fd_, &event) != 0) return false;
  wanted_ = events;
  return true;
}

EventLoop::EventLoop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {}

bool EventLoop::run_once(std::optional<std::chrono::milliseconds> longest) {
  std::array<epoll_event, 64> events;
  const int count =
      ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout(longest));
  now_ = Clock::now();
  for (int i = 0; i < count; ++i) {
    const epoll_event event = events[static_cast<std::size_t>(i)];
    const std::uint64_t id =
        event.data.u64;  // a copy: the kernel's struct is packed, and find() takes a reference
    const auto found = watches_.find(id);
    if (found == watches_.end()) continue;
    const auto on_ready = found->second->on_ready_;  // a copy: the callback may destroy its Watch
    on_ready(event.events);
  }
  return run_due_timers() || count > 0;
}

EventLoop::TimerId EventLoop::after(std::chrono::milliseconds delay, Callback callback) {
  const TimerId id = next_id_++;
  timers_.emplace(Clock::now() + delay, Timer{id, std::move(callback)});
  return id;
}

void EventLoop::cancel(TimerId timer) {
  std::erase_if(timers_, [timer](const auto& entry) { return entry.second.id == timer; });
}

int EventLoop::timeout(std::optional<std::chrono::milliseconds> longest) const {
  using std::chrono::milliseconds;
  auto wait = longest.value_or(milliseconds::max());
  if (!timers_.empty()) {
    const auto left = std::chrono::ceil<milliseconds>(timers_.begin()->first - Clock::now());
    wait = std::min(wait, std::max(left, milliseconds::zero()));
  }
  if (wait == milliseconds::max()) return -1;
  return static_cast<int>(std::min<milliseconds::rep>(wait.count(), std::numeric_limits<int>::max()));
}

bool EventLoop::run_due_timers() {
  bool ran = false;
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    const auto callback = std::move(timers_.extract(timers_.begin()).mapped().callback);
    callback();
    ran = true;
  }
  return ran;
}

}  // namespace fairlead::agent
