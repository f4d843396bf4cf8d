// SPDX-License-Identifier: Apache-2.0
// Disk limits on an engine whose storage driver has no quotas: boxes are looked at, and one that has written
// more than it may is ended. It can write more than its limit between two looks, but not without end.
#pragma once

#include "backend/docker/fleet.hpp"

#include <memory>
#include <string>

namespace fairlead::docker {

// The engine refused a quota with these words: from now on its boxes are watched. Says so in the log, once.
void note_no_quota(Fleet& fleet, KnownEngine& engine, const std::string& words);

// Whether the engine has quotas, by creating a container that is never started. Call it at start, so that the
// operator is told then. What else goes wrong is for the first login to find.
[[nodiscard]] Task<> try_quota(std::shared_ptr<Fleet> fleet);

// Watches the engine's boxes for as long as any of them and the fleet live. No-op while a watch runs.
void watch_disk(const std::shared_ptr<Fleet>& fleet, const std::shared_ptr<KnownEngine>& engine,
                const ssh::asio::any_io_executor& executor);

}  // namespace fairlead::docker
