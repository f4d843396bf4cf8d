// SPDX-License-Identifier: Apache-2.0
// How far the making of a box has come, for the person who waits for it.
#pragma once

#include <cstdint>
#include <functional>

namespace fairlead::backend {

struct Progress {
  enum class Stage : std::uint8_t { fetching, unpacking };
  Stage stage = Stage::fetching;
  std::uint64_t done = 0, total = 0;  // bytes; no total: not known yet
};

// Called on the executor of the launch, as often as an engine says something, and only when there is
// something to wait for. Whoever shows it takes care not to do so too often.
using ProgressSink = std::function<void(const Progress&)>;

}  // namespace fairlead::backend
