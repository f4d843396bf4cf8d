// SPDX-License-Identifier: Apache-2.0
// What the configuration webhook says about one login: asked after its success, before its box (services.md
// chapter 4).
#pragma once

#include "backend/backend.hpp"
#include "daemon/settings.hpp"

namespace fairlead::daemon {

// Adds the answer's metadata to `login`, lays its configuration over login.config, and gives login.log the
// level that results. Nothing happens when no configuration webhook is configured. Throws BackendError when
// there is no answer or it is of no use, and operation_aborted when the calling coroutine is cancelled.
[[nodiscard]] ssh::Task<> settle_terms(const Settings& settings, backend::Login& login,
                                       std::string client_version);

}  // namespace fairlead::daemon
