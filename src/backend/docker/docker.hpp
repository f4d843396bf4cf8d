// SPDX-License-Identifier: Apache-2.0
// The Docker backend, connection mode: one container per login, with our agent in it (design sections 3 to
// 5).
#pragma once

#include "backend/backend.hpp"
#include "config/config.hpp"

#include <memory>

namespace fairlead::backend {

// Nothing is contacted yet: prepare() does. Throws std::invalid_argument with a sentence for the operator
// when the configuration cannot mean anything (no image, bad host).
[[nodiscard]] std::unique_ptr<Backend> make_docker_backend(const config::Config& config, observe::Log log);

}  // namespace fairlead::backend
