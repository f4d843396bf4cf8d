// SPDX-License-Identifier: Apache-2.0
// What a later process must know of a box that stays: where it is and when it is to be stopped, where that is
// not what the file says (a configuration server's or a user's own settings).
#pragma once

#include "backend/docker/fleet.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace fairlead::docker {

struct HomeNote {
  std::shared_ptr<KnownEngine> engine;
  std::string container;  // its name
  std::chrono::nanoseconds stop_after_idle{}, stop_deadline{};
};

// Kept in the journal until drop_note(); nothing is kept of what the file says as well. A note that cannot be
// written is a warning. Blocks on the disk.
void keep_note(Fleet& fleet, const HomeNote& note);
void drop_note(Fleet& fleet, const KnownEngine& engine, const std::string& container) noexcept;
// Those of an earlier process whose engines can be reached.
[[nodiscard]] std::vector<HomeNote> notes_left(Fleet& fleet);

}  // namespace fairlead::docker
