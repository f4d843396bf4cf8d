// SPDX-License-Identifier: Apache-2.0
// Fairlead's own backend: one OCI container per login through runc or crun, without a daemon (design D7).
#pragma once

#include "backend/backend.hpp"
#include "config/config.hpp"
#include "observe/log.hpp"

#include <memory>

namespace fairlead::backend::oci {

// Touches nothing yet: prepare() does, and must complete before the first launch(). `config` decides where
// everything lives (state_directory, instance, agent_path) and which runtime is used; images, limits and
// programs come from each login's own configuration. The backend must outlive its boxes.
[[nodiscard]] std::unique_ptr<Backend> make_oci_backend(const config::Config& config, observe::Log log);

}  // namespace fairlead::backend::oci
