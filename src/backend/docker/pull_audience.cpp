// SPDX-License-Identifier: Apache-2.0
// Seats, and reports to them.
#include "backend/docker/pull_audience.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace fairlead::docker {

void PullAudience::tell(const Member& member, const backend::Progress& progress) {
  if (!member.sink) return;
  ssh::asio::post(member.executor, [sink = member.sink, progress] { sink(progress); });
}

PullAudience::Seat PullAudience::enter(const std::string& image, const ssh::asio::any_io_executor& executor,
                                       backend::ProgressSink sink) {
  const std::lock_guard lock(mutex_);
  House& house = houses_[image];
  house.members.push_back({executor, std::move(sink)});
  if (house.last) tell(house.members.back(), *house.last);
  return {*this, image, std::prev(house.members.end())};
}

void PullAudience::tell(const std::string& image, const backend::Progress& progress) {
  const std::lock_guard lock(mutex_);
  const auto found = houses_.find(image);
  if (found == houses_.end()) return;
  House& house = found->second;
  house.last = progress;
  for (const auto& member : house.members) tell(member, progress);
}

bool PullAudience::waits_for(const std::string& image) const {
  const std::lock_guard lock(mutex_);
  return houses_.contains(image);
}

void PullAudience::leave(const std::string& image, std::list<Member>::iterator place) {
  const std::lock_guard lock(mutex_);
  const auto house = houses_.find(image);
  house->second.members.erase(place);
  if (house->second.members.empty()) houses_.erase(house);
}

}  // namespace fairlead::docker
