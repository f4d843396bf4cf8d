// SPDX-License-Identifier: Apache-2.0
// A box for a login: one that waits for it, or a new one.
#pragma once

#include "backend/docker/fleet.hpp"
#include "backend/docker/image.hpp"
#include "backend/pool.hpp"

#include <memory>
#include <optional>

namespace fairlead::docker {

// Nothing: no boxes are made ahead with this configuration.
[[nodiscard]] std::optional<backend::Recipe> recipe_of(const std::shared_ptr<Fleet>& fleet,
                                                       std::shared_ptr<const config::Config> config);

// As launch_box(). `pool` may be null.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> claim_or_launch(std::shared_ptr<Fleet> fleet,
                                                                  std::shared_ptr<backend::Pool> pool,
                                                                  backend::Login login,
                                                                  std::optional<ImageFacts> image = {});

}  // namespace fairlead::docker
