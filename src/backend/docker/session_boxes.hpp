// SPDX-License-Identifier: Apache-2.0
// `docker.execution.mode: session`: a box for each program of a login, made when its session is opened and
// removed with it.
#pragma once

#include "backend/docker/fleet.hpp"
#include "backend/pool.hpp"

#include <memory>

namespace fairlead::docker {

// Only the image is seen to now, unless boxes of it wait; nothing of the login runs until the first session.
// `pool` may be null. Throws backend::BackendError.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> prepare_session_boxes(std::shared_ptr<Fleet> fleet,
                                                                        std::shared_ptr<backend::Pool> pool,
                                                                        backend::Login login);

}  // namespace fairlead::docker
