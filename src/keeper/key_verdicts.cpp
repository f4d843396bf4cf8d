// SPDX-License-Identifier: Apache-2.0
// A table with one verdict for each connection.
#include "keeper/key_verdicts.hpp"

#include <utility>

namespace fairlead::keeper {

std::optional<auth::Decision> KeyVerdicts::find(const std::string& connection,
                                                const Question& question) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(connection);
  if (found == entries_.end() || !(found->second.question == question)) return std::nullopt;
  return found->second.decision;
}

void KeyVerdicts::keep(const std::string& connection, Question question, auth::Decision decision) {
  const std::lock_guard lock(mutex_);
  entries_.insert_or_assign(connection, Entry{std::move(question), std::move(decision)});
}

void KeyVerdicts::forget(const std::string& connection) {
  const std::lock_guard lock(mutex_);
  entries_.erase(connection);
}

}  // namespace fairlead::keeper
