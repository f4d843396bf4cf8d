// SPDX-License-Identifier: Apache-2.0
// Pulls an image that is not there, with patience for what passes.
#pragma once

#include "backend/docker/engine.hpp"
#include "backend/progress.hpp"
#include "observe/log.hpp"

#include <string>

namespace fairlead::docker {

struct PullOrder {
  std::string image;
  std::string credentials{};  // registry_header()'s
  backend::ProgressSink progress{};
};

// Complete when the image is there. What may pass (a connection that was cut, a registry that has trouble of
// its own) is tried again with the pauses of limits.hpp for as long as the deadline allows; a refusal is not.
// Throws BackendError when the time is over, EngineError and http::HttpError with the last failure.
[[nodiscard]] Task<> pull_image(Engine engine, PullOrder order, Deadline deadline, observe::Log log);

// Whether the same pull may succeed a little later.
[[nodiscard]] bool is_passing(const std::exception_ptr& failure);

}  // namespace fairlead::docker
