// SPDX-License-Identifier: Apache-2.0
// Engines by settings, and the book of boxes.
#include "backend/docker/fleet.hpp"

#include "backend/agent_box.hpp"
#include "backend/docker/limits.hpp"
#include "backend/ready_box.hpp"

#include <algorithm>

namespace fairlead::docker {
void Fleet::open() {
  const std::lock_guard lock(mutex_);
  if (files_) return;
  const auto state = backend::state_directory(config.state_directory);
  if (!journal_) {
    journal_ = backend::Journal::open(state, config.instance);
    engines_.recall(*journal_);
  }
  files_.emplace(state, config.instance, backend::find_agent(config));
}

void Fleet::begin(const std::string& box, std::shared_ptr<KnownEngine> engine) {
  engines_.remember(*engine, *journal_);
  journal_->add({box, "docker", EngineBook::reference(*engine)});
  const std::lock_guard lock(mutex_);
  living_[box] = std::move(engine);
}

void Fleet::note_login(const std::string& box, const backend::Login& login) {
  boost::json::object details;
  {
    const std::lock_guard lock(mutex_);
    const auto found = living_.find(box);
    if (found == living_.end()) return;
    details = EngineBook::reference(*found->second);
  }
  backend::add_login(details, login);
  (void)journal_->note({box, "docker", std::move(details)});
}

void Fleet::end(const std::string& box) {
  files_->remove(box);
  journal_->remove(box);
  const std::lock_guard lock(mutex_);
  held_.erase(box);
  late_.erase(box);
  living_.erase(box);
  end_reasons_.erase(box);
}

void Fleet::hold(const std::string& box, std::shared_ptr<void> held) {
  const std::lock_guard lock(mutex_);
  held_[box] = std::move(held);
}

void Fleet::expect_late(const std::string& box) {
  const std::lock_guard lock(mutex_);
  late_.try_emplace(box);
}

bool Fleet::stays_absent(const std::string& box) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  const auto late = late_.find(box);
  if (late == late_.end()) return true;
  if (!late->second) late->second = now;
  return now - *late->second >= limits::late_creation;
}

void Fleet::give_up(const std::string& box, std::shared_ptr<KnownEngine> engine) {
  const std::lock_guard lock(mutex_);
  living_.erase(box);
  end_reasons_.erase(box);
  given_up_[box] = std::move(engine);
}

bool Fleet::lives(const std::string& box) {
  const std::lock_guard lock(mutex_);
  return living_.contains(box);
}

bool Fleet::any_lives_at(const KnownEngine& engine) {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(living_, [&](const auto& box) { return box.second.get() == &engine; });
}

void Fleet::set_end_reason(const std::string& box, std::string sentence) {
  const std::lock_guard lock(mutex_);
  if (living_.contains(box)) end_reasons_[box] = std::move(sentence);
}

std::string Fleet::end_reason(const std::string& box) {
  const std::lock_guard lock(mutex_);
  const auto found = end_reasons_.find(box);
  return found == end_reasons_.end() ? "" : found->second;
}

Fleet::Boxes Fleet::living() {
  const std::lock_guard lock(mutex_);
  return living_;
}

Fleet::Boxes Fleet::take_given_up() {
  const std::lock_guard lock(mutex_);
  return std::exchange(given_up_, {});
}

bool Fleet::begin_retrying() {
  const std::lock_guard lock(mutex_);
  return !given_up_.empty() && !std::exchange(retrying_, true);
}

bool Fleet::end_retrying() {
  const std::lock_guard lock(mutex_);
  if (given_up_.empty()) retrying_ = false;
  return !retrying_;
}

}  // namespace fairlead::docker
