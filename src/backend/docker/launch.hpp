// SPDX-License-Identifier: Apache-2.0
// Starts one box: image, container, agent, link.
//
//   journal → image there? → create → start ─────────────────────┐ its answer is not waited for
//                     └ socket link: listen   ← agent connects ──┴→ box is ready → setup request → login's
//                     box └ attach link: upload, attach, start, bridge ─┘
#pragma once

#include "backend/docker/fleet.hpp"
#include "backend/docker/image.hpp"
#include "backend/docker/ready_box.hpp"

#include <memory>
#include <optional>
#include <string>

namespace fairlead::docker {

// Throws backend::BackendError. When the engine answers, nothing is left behind then; when it does not, what
// is left is removed later (removal.hpp). Runs to its end even when the calling coroutine is cancelled.
// `image`: it was looked for earlier in the same login.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> launch_box(std::shared_ptr<Fleet> fleet,
                                                             backend::Login login,
                                                             std::optional<ImageFacts> image = {});

// The same for the pool, without its last step: the box waits for a login with this configuration. `pool` is
// its label.
struct Provision {
  std::shared_ptr<const config::Config> config;
  std::string pool;
};
[[nodiscard]] Task<std::unique_ptr<backend::ReadyBox>> make_ahead(std::shared_ptr<Fleet> fleet,
                                                                  Provision provision);

}  // namespace fairlead::docker
