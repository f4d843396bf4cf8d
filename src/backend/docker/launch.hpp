// SPDX-License-Identifier: Apache-2.0
// Starts one box: image, container, agent, link.
//
//   journal → image there? → create → start ─────────────────────────────┐ its answer is not waited for
//                     └ socket link: listen          ← agent connects ───┴→ setup request → box
//                     └ attach link: upload, attach, start, bridge ──────┘
#pragma once

#include "backend/docker/fleet.hpp"
#include "backend/docker/image.hpp"

#include <memory>
#include <optional>

namespace fairlead::docker {

// Throws backend::BackendError. When the engine answers, nothing is left behind then; when it does not, what
// is left is removed later (removal.hpp). Runs to its end even when the calling coroutine is cancelled.
// `image`: it was looked for earlier in the same login.
[[nodiscard]] Task<std::unique_ptr<backend::Box>> launch_box(std::shared_ptr<Fleet> fleet,
                                                             backend::Login login,
                                                             std::optional<ImageFacts> image = {});

}  // namespace fairlead::docker
