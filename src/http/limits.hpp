// SPDX-License-Identifier: Apache-2.0
// Every limit of the HTTP client and server with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fairlead::http::limits {

// Answers of an engine API are some KiB; a list of thousands of containers stays below this.
inline constexpr std::size_t body = std::size_t{16} * 1024 * 1024;
// Docker sends about ten header lines.
inline constexpr std::uint32_t header = 32 * 1024;
// One read; the size of an attach frame that dockerd copies.
inline constexpr std::size_t read_size = std::size_t{32} * 1024;
// Nesting of JSON from a peer; a container inspection has seven.
inline constexpr std::size_t json_depth = 32;
// Kept connections per endpoint and thread: a burst of logins reuses them, and an engine is not held by idle
// ones.
inline constexpr std::size_t idle_connections = 8;
// Most servers close after 60 to 120 s of silence.
inline constexpr std::chrono::seconds idle_time{50};
// Threads in getaddrinfo(), all look-ups of the process together. An answer takes milliseconds; with a dead
// name server these hang while the next questions wait, each for its own deadline only.
inline constexpr std::size_t look_up_threads = 8;

}  // namespace fairlead::http::limits
