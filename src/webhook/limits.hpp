// SPDX-License-Identifier: Apache-2.0
// Every limit of the webhooks with its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace fairlead::webhook::limits {

// An answer with some files in base64; a server that streams without end must not fill our memory.
inline constexpr std::size_t answer = std::size_t{4} << 20;
// Nesting of an answer: Docker's structures in `config` have less than ten.
inline constexpr unsigned depth = 32;
// Of metadata, environment and files together.
inline constexpr std::size_t entries = 1024;
// Linux takes no longer path.
inline constexpr std::size_t name = 4096;
// Of a variable: Linux takes no longer string (MAX_ARG_STRLEN), and then no program would start.
inline constexpr std::size_t value = std::size_t{120} * 1024;
// Of one file; its base64 must leave room for others in the answer.
inline constexpr std::size_t file = std::size_t{2} << 20;
// Unknown members, and entries left out, that are named in the log.
inline constexpr std::size_t named = 8;

// After the first failure; doubled each time.
inline constexpr std::chrono::milliseconds first_pause{250};
// ContainerSSH's only pause.
inline constexpr std::chrono::milliseconds longest_pause{10'000};
// Of failures that look like mistakes in the server or in our configuration (a redirect, a page of HTML, an
// unknown member): a deployment under way may show them for a moment, and nobody should wait longer for what
// will not get better.
inline constexpr unsigned attempts_at_mistakes = 3;
// An attempt with less time than this would only be one more failure.
inline constexpr std::chrono::milliseconds shortest_attempt{20};
// Requests to one target at the same time, per core: as many as connections may log in at the same time by
// default. The rest waits in line, so that a flood of connections is not a flood at the server.
inline constexpr std::size_t calls = 256;
// Go's, where redirects are allowed.
inline constexpr unsigned redirects = 10;

}  // namespace fairlead::webhook::limits
