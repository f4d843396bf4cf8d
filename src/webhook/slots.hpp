// SPDX-License-Identifier: Apache-2.0
// At most so many at the same time on one executor; the others wait in line.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace fairlead::webhook {

// A handle; not thread-safe.
class Slots {
 public:
  explicit Slots(std::size_t count) : line_(std::make_shared<Line>(count)) {}

  // Held as long as it lives.
  class Slot;
  // Nothing when none became free before `deadline`.
  [[nodiscard]] ssh::Task<std::optional<Slot>> enter(std::chrono::steady_clock::time_point deadline) const;

 private:
  struct Line {
    explicit Line(std::size_t count) : free(count) {}
    std::size_t free;
    // Who waits, the first in line first; a timer that is cancelled with its entry gone has a slot.
    std::list<ssh::asio::steady_timer*> waiting;
  };
  std::shared_ptr<Line> line_;
};

class Slots::Slot {
 public:
  explicit Slot(std::shared_ptr<Line> line) : line_(std::move(line)) {}
  Slot(Slot&&) noexcept = default;
  Slot& operator=(Slot&&) = delete;
  ~Slot();

 private:
  std::shared_ptr<Line> line_;
};

}  // namespace fairlead::webhook
