// SPDX-License-Identifier: Apache-2.0
// Counting in and out.
#include "backend/docker/residents.hpp"

#include "backend/docker/limits.hpp"

namespace fairlead::docker {

bool Residents::enter(const std::string& home) {
  const std::lock_guard lock(mutex_);
  Home& entered = homes_[home];
  ++entered.logins;
  return entered.stopping;
}

bool Residents::leave(const std::string& home, const std::optional<Rest>& rest) {
  const std::lock_guard lock(mutex_);
  Home& left = homes_[home];
  if (left.logins > 0) --left.logins;
  if (rest) {
    left.rest = rest;
    left.idle_until = Clock::now() + rest->idle;
  }
  if (left.logins > 0 || left.attended) return false;
  if (!left.rest) {
    homes_.erase(home);
    return false;
  }
  left.attended = true;
  return true;
}

Residents::Look Residents::look(const std::string& home) {
  const std::lock_guard lock(mutex_);
  Home& found = homes_[home];
  if (found.logins > 0 || !found.rest) {
    found.attended = false;
    return {Look::Do::nothing};
  }
  if (Clock::now() < found.idle_until) return {Look::Do::wait, found.idle_until};
  found.stopping = true;
  return {Look::Do::stop, {}, found.rest->container};
}

void Residents::stopped(const std::string& home) {
  const std::lock_guard lock(mutex_);
  const auto found = homes_.find(home);
  if (found == homes_.end()) return;
  Home& resting = found->second;
  resting.stopping = resting.attended = false;
  resting.rest.reset();
  if (resting.logins == 0) homes_.erase(found);
}

bool Residents::has_agent(const std::string& container) const {
  const std::lock_guard lock(mutex_);
  return agents_.contains(container);
}

void Residents::set_agent(const std::string& container) {
  const std::lock_guard lock(mutex_);
  if (agents_.size() >= limits::known_agents) agents_.clear();
  agents_.insert(container);
}

}  // namespace fairlead::docker
