// SPDX-License-Identifier: Apache-2.0
// Every limit of the agent with its reason; those of the protocol are in fairlead/ssh/limits.hpp.
#pragma once

#include <chrono>
#include <cstddef>

namespace fairlead::agent::limits {

// /etc/passwd and /etc/group come from the image, which is hostile; real ones are a few KiB.
inline constexpr std::size_t account_file = std::size_t{1} << 20;
// Linux allows 65536; accounts have fewer than 100, and the list is passed at every start.
inline constexpr std::size_t supplementary_groups = 256;

// On the way to one file; the kernel's own limit.
inline constexpr unsigned symbolic_links = 40;

// What a pipe to or from a program may hold: enough to keep both sides running while the other is scheduled.
// Memory is only used while it is full. The kernel's default is 64 KiB, its limit for unprivileged users 1
// MiB per pipe.
inline constexpr int pipe_size = 256 * 1024;
// Bytes taken from one program before the others and the link get their turn.
inline constexpr std::size_t output_turn = std::size_t{128} * 1024;
// Bytes read from the link at once: two full packets.
inline constexpr std::size_t link_read = std::size_t{64} * 1024;

// What scp's wildcards may come to in one argument; a shell's limit is that of an argument list, about as
// much.
inline constexpr std::size_t wildcard_matches = 100'000;

// Buffers of a busy link are given back when nothing has happened for so long.
inline constexpr std::chrono::milliseconds buffers_kept{1000};
// From hanging up (SIGHUP) on a program whose channel was closed to SIGKILL.
inline constexpr std::chrono::milliseconds hang_up_grace{5000};
// The same for everything that runs when the link ends: nobody is left to see the output, and the box has to
// be gone soon.
inline constexpr std::chrono::milliseconds link_end_grace{500};
// After SIGKILL; only processes in uninterruptible sleep need longer, and nothing can be done about those.
inline constexpr std::chrono::milliseconds kill_grace{1000};

}  // namespace fairlead::agent::limits
