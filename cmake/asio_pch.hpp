// SPDX-License-Identifier: Apache-2.0
// Precompiled once for every target that uses coroutines: Asio's headers take longer to parse than our files.
#pragma once

#include <boost/asio.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>
