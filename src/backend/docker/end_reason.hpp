// SPDX-License-Identifier: Apache-2.0
// Why a box has ended, asked of its engine.
#pragma once

#include "backend/docker/engine.hpp"
#include "backend/docker/removal.hpp"

#include <string>

namespace fairlead::docker {

// One sentence for its user, or empty: Box::end_reason(). Within limits::end_reason, whatever the engine
// does. Never throws what Engine throws.
[[nodiscard]] Task<std::string> end_reason(Engine engine, std::string container);
// Of a box that the daemon may have ended itself. The lease outlives the call.
[[nodiscard]] Task<std::string> end_reason(const Lease& lease);

}  // namespace fairlead::docker
