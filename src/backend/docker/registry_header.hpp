// SPDX-License-Identifier: Apache-2.0
// Credentials for a registry as engines take them.
#pragma once

#include "config/config.hpp"

#include <string>

namespace fairlead::docker {

// The value of X-Registry-Auth: JSON in URL-safe base64 (W3.12). `auth` stands for user name and password
// where neither is set. Empty when there are no credentials: the engine then uses its own, if it has any.
[[nodiscard]] std::string registry_header(const config::RegistryAuth& auth);

}  // namespace fairlead::docker
