// SPDX-License-Identifier: Apache-2.0
// A table of connections.
#include "keeper/login_ledger.hpp"

#include <utility>

namespace fairlead::keeper {

const LoginLedger::Entry* LoginLedger::find(const std::string& connection, const std::string& user) const {
  const auto found = entries_.find(connection);
  return found != entries_.end() && found->second.user == user ? &found->second : nullptr;
}

LoginLedger::Entry& LoginLedger::entry(const std::string& connection, const std::string& user) {
  Entry& entry = entries_[connection];
  if (entry.user != user) entry = Entry{.user = user, .progress = {}, .dialogue = {}};
  return entry;
}

LoginLedger::Progress LoginLedger::progress(const std::string& connection, const std::string& user) const {
  const std::lock_guard lock(mutex_);
  const Entry* known = find(connection, user);
  return known != nullptr ? known->progress : Progress();
}

void LoginLedger::keep(const std::string& connection, const std::string& user, Progress progress) {
  const std::lock_guard lock(mutex_);
  Entry& known = entry(connection, user);
  known.progress = std::move(progress);
  known.dialogue.reset();
}

LoginLedger::Progress LoginLedger::dialogue(const std::string& connection, const std::string& user) const {
  const std::lock_guard lock(mutex_);
  const Entry* known = find(connection, user);
  if (known == nullptr) return {};
  return known->dialogue ? *known->dialogue : known->progress;
}

void LoginLedger::keep_dialogue(const std::string& connection, const std::string& user, Progress progress) {
  const std::lock_guard lock(mutex_);
  entry(connection, user).dialogue = std::move(progress);
}

void LoginLedger::end_dialogue(const std::string& connection) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  if (found != entries_.end()) found->second.dialogue.reset();
}

void LoginLedger::forget(const std::string& connection) {
  const std::lock_guard lock(mutex_);
  entries_.erase(connection);
}

}  // namespace fairlead::keeper
