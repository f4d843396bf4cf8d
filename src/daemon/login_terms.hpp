// SPDX-License-Identifier: Apache-2.0
// What the configuration webhook says about one login: asked after its success, before its box (services.md
// chapter 4).
#pragma once

#include "backend/backend.hpp"
#include "daemon/settings.hpp"

namespace fairlead::daemon {

// Adds the answer's metadata to `login` and lays its configuration over login.config. Nothing happens when no
// configuration webhook is configured. Throws BackendError when there is no answer or it is of no use, and
// operation_aborted when the calling coroutine is cancelled.
[[nodiscard]] ssh::Task<> settle_terms(const Settings& settings, backend::Login& login,
                                       std::string client_version);

// Gives login.log the level of login.config, when that is not the daemon's.
void heed_log_level(const Settings& settings, backend::Login& login);

}  // namespace fairlead::daemon
