// SPDX-License-Identifier: Apache-2.0
// Limits and fixed times of the Docker backend with their reasons.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fairlead::docker::limits {

// API versions are 1.N. 1.24 is the first with everything we call; Docker 29 refuses everything below 1.44,
// and what we call has not changed up to 1.47.
inline constexpr unsigned oldest_api = 24;
inline constexpr unsigned newest_api = 47;

// Of an engine's error text, in our log.
inline constexpr std::size_t engine_words = 500;
// One JSON line of a pull's progress; real ones are below 1 KiB, but an error may carry a registry's page.
inline constexpr std::size_t progress_line = std::size_t{256} * 1024;
// Standard error of an agent that fails, per line and per box: enough for its reason, not for flooding a log.
inline constexpr std::size_t agent_error_line = 500;
inline constexpr unsigned agent_error_lines = 20;

// Of random names: 2^64 boxes, and state directories that share an engine.
inline constexpr std::size_t box_bytes = 8;
inline constexpr std::size_t owner_bytes = 16;
// Two headers, padding and the end mark of a tar archive, which is a multiple of 10 KiB.
inline constexpr std::size_t archive_overhead = std::size_t{32} * 1024;

// Processes of a box when nobody set a number: no shell user notices, and a box that forks without end stays
// in its box.
inline constexpr std::int64_t processes = 4096;
// Microseconds: the kernel's own period for processor quotas.
inline constexpr std::int64_t cpu_period = 100'000;

// After its link ended: how long the engine may take to see that the box ended too, and to say so.
inline constexpr std::chrono::seconds end_reason{3};
// A removal that failed is tried again after these times; then the next launch, stop or start of the daemon
// does it.
inline constexpr std::chrono::seconds removal_pauses[] = {std::chrono::seconds(1), std::chrono::seconds(5),
                                                          std::chrono::seconds(25)};
// Removals under way at once when leftovers are swept: an engine serialises most of a removal anyway.
inline constexpr std::size_t leftovers_at_once = 8;

}  // namespace fairlead::docker::limits
