// SPDX-License-Identifier: Apache-2.0
// Numbers of channels: taken lowest first, given back at the end.
#include "protocol/channel_table.hpp"

#include <algorithm>

namespace fairlead::ssh {

ChannelId ChannelTable::insert(ChannelState state) {
  auto record = std::make_unique<ChannelRecord>(state);
  const auto free = std::ranges::find_if(slots_, [](const auto& slot) { return slot == nullptr; });
  const auto id = static_cast<ChannelId>(free - slots_.begin());
  if (free == slots_.end())
    slots_.push_back(std::move(record));
  else
    *free = std::move(record);
  ++count_;
  return id;
}

void ChannelTable::erase(ChannelId id) noexcept {
  slots_[id].reset();
  --count_;
  while (!slots_.empty() && slots_.back() == nullptr) slots_.pop_back();
}

std::size_t ChannelTable::undecided() const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(
      slots_, [](const auto& record) { return record != nullptr && record->state.undecided(); }));
}

}  // namespace fairlead::ssh
