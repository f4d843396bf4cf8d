// SPDX-License-Identifier: Apache-2.0
// The agent's one loop: descriptors (epoll) and deadlines call back, one after the other. No callback may
// block.
#pragma once

#include "base/file_descriptor.hpp"

#include <sys/epoll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <unordered_map>

namespace fairlead::agent {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using Callback = std::function<void()>;

  // Watches a descriptor, which must stay open, as long as it lives. A callback may destroy its own Watch.
  class Watch {
   public:
    Watch(EventLoop& loop, int fd, std::function<void(std::uint32_t events)> on_ready);
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

    // EPOLLIN, EPOLLOUT or both, level-triggered; EPOLLHUP and EPOLLERR come with either. 0: nothing at all.
    // False when the descriptor cannot be watched (a regular file).
    bool want(std::uint32_t events);

   private:
    friend class EventLoop;
    EventLoop& loop_;
    int fd_;
    std::uint64_t id_;
    std::uint32_t wanted_ = 0;
    std::function<void(std::uint32_t)> on_ready_;
  };

  using TimerId = std::uint64_t;

  EventLoop();

  // One turn: waits (at most `longest`), then runs what is ready. Returns false when nothing was.
  bool run_once(std::optional<std::chrono::milliseconds> longest = {});
  // The time when this turn began.
  [[nodiscard]] Clock::time_point now() const noexcept { return now_; }

  TimerId after(std::chrono::milliseconds delay, Callback callback);
  void cancel(TimerId timer);

 private:
  struct Timer {
    TimerId id;
    Callback callback;
  };
  [[nodiscard]] int timeout(std::optional<std::chrono::milliseconds> longest) const;
  bool run_due_timers();

  FileDescriptor epoll_;
  Clock::time_point now_ = Clock::now();
  std::uint64_t next_id_ = 1;
  std::unordered_map<std::uint64_t, Watch*> watches_;
  std::multimap<Clock::time_point, Timer> timers_;
};

}  // namespace fairlead::agent
