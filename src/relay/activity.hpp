// SPDX-License-Identifier: Apache-2.0
// When something last happened on the channels of a connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fairlead::relay {

// Used on one executor. Bytes, requests and opened channels count; global requests, keepalives among them,
// and what the transport does for itself do not.
class Activity {
 public:
  using Clock = std::chrono::steady_clock;

  void seen() noexcept { last_ = Clock::now(); }
  [[nodiscard]] Clock::time_point last() const noexcept { return last_; }

 private:
  Clock::time_point last_ = Clock::now();
};

// Bytes of one direction of a session.
class Meter {
 public:
  explicit Meter(Activity& activity) : activity_(&activity) {}

  void add(std::size_t bytes) noexcept {
    bytes_ += bytes;
    if (bytes > 0) activity_->seen();
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
  Activity* activity_;  // outlives this
};

}  // namespace fairlead::relay
