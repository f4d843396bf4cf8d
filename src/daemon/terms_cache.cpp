// SPDX-License-Identifier: Apache-2.0
// Entries go when they are too old or too many; a few hundred are looked through faster than they are sorted.
#include "daemon/terms_cache.hpp"

#include <algorithm>

namespace fairlead::daemon {

std::optional<webhook::Answer> TermsCache::find(const Key& key, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end() || now - found->second.since >= time_) return std::nullopt;
  return found->second.answer;
}

void TermsCache::keep(const Key& key, const webhook::Answer& answer, Clock::time_point now) {
  if (time_ == config::Duration::zero()) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.since >= time_; });
  if (entries_.size() >= max_entries && !entries_.contains(key)) {
    const auto age = [](const auto& entry) { return entry.second.since; };
    entries_.erase(std::ranges::min_element(entries_, {}, age));
  }
  entries_.insert_or_assign(key, Entry{answer, now});
}

}  // namespace fairlead::daemon
