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
// What the parser can do nothing with yet: a whole header, and what came with its last byte.
inline constexpr std::size_t unparsed = header + 2 * read_size;
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

// The server serves probes, test tools and metrics: small requests of few clients.
namespace server {
// Browsers send 1 to 2 KiB; 16 KiB is nginx's and Apache's order of size.
inline constexpr std::uint32_t header = 16 * 1024;
// A request of an SSH login: keys and passwords are some KiB, files of metadata may be a MiB.
inline constexpr std::uint64_t body = std::uint64_t{4} * 1024 * 1024;
// Beyond these the connection that has been reading longest is closed for the new one: whoever opens
// thousands cannot keep a probe out.
inline constexpr std::size_t connections = 256;
// TLS handshake, and from the first byte of a request to the end of its header: a round trip is below 1 s.
inline constexpr std::chrono::seconds header_time{10};
// From there to the end of the body.
inline constexpr std::chrono::seconds body_time{30};
// Of writing one answer.
inline constexpr std::chrono::seconds write_time{30};
// Between requests: load balancers probe every 5 to 30 s and like to keep their connection.
inline constexpr std::chrono::seconds idle_time{60};
// After a refusal what still comes is read for a moment: closing with unread bytes would be a TCP reset,
// which may take the answer away from the client.
inline constexpr std::chrono::seconds linger_time{1};
inline constexpr std::size_t linger_bytes = std::size_t{256} * 1024;
// When no descriptor is free, accepting again at once would only spin.
inline constexpr std::chrono::milliseconds accept_pause{100};
}  // namespace server

}  // namespace fairlead::http::limits
