// SPDX-License-Identifier: Apache-2.0
// What the configuration server has said lately, for logins that ask the same (`configserver.cacheTime`).
#pragma once

#include "config/duration.hpp"
#include "webhook/answer.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace fairlead::daemon {

// Thread-safe. Bounded: beyond max_entries the oldest goes. A reload of the configuration begins an empty
// one.
class TermsCache {
 public:
  using Clock = std::chrono::steady_clock;
  using Key = std::vector<std::byte>;  // a digest of what was asked

  // A lecture hall that logs in within the time. Of 4 MiB at most each; a usual answer has some hundred
  // bytes.
  static constexpr std::size_t max_entries = 256;

  explicit TermsCache(config::Duration time) : time_(time) {}  // 0 keeps nothing

  [[nodiscard]] std::optional<webhook::Answer> find(const Key& key, Clock::time_point now);
  void keep(const Key& key, const webhook::Answer& answer, Clock::time_point now);

 private:
  struct Entry {
    webhook::Answer answer;
    Clock::time_point since;
  };

  const config::Duration time_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

}  // namespace fairlead::daemon
