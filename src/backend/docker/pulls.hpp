// SPDX-License-Identifier: Apache-2.0
// The book of an engine's pulls: who pulls, who waits, and when the last one that succeeded began.
#pragma once

#include "backend/docker/pull_audience.hpp"
#include "backend/docker/turns.hpp"

#include <chrono>
#include <map>
#include <mutex>
#include <string>

namespace fairlead::docker {

// Thread-safe.
class Pulls {
 public:
  using Clock = std::chrono::steady_clock;

  // Only who waits now asks for it: the others' images are forgotten.
  void note(const std::string& image, Clock::time_point began) {
    const std::lock_guard lock(mutex_);
    std::erase_if(began_, [this](const auto& pull) { return !audience.waits_for(pull.first); });
    began_[image] = began;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return began_.size();
  }
  [[nodiscard]] bool began_since(const std::string& image, Clock::time_point when) const {
    const std::lock_guard lock(mutex_);
    const auto found = began_.find(image);
    return found != began_.end() && found->second >= when;
  }

  Turns turns;  // by image
  PullAudience audience;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, Clock::time_point> began_;
};

}  // namespace fairlead::docker
