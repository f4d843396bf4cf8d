// SPDX-License-Identifier: Apache-2.0
// The unit of every duration in the configuration: Go's, so that numbers in JSON keep their meaning.
#pragma once

#include <chrono>

namespace fairlead::config {

using Duration = std::chrono::nanoseconds;

}  // namespace fairlead::config
