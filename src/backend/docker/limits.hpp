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
// One JSON line of a pull's progress, or an event; real ones are below 1 KiB, but an error may carry a
// registry's page.
inline constexpr std::size_t progress_line = std::size_t{256} * 1024;
// Layers of an image that a user is told about (engines refuse images of more than 127), and bytes of one, so
// that no sum of them overflows.
inline constexpr std::size_t layers = 1024;
inline constexpr std::int64_t layer_bytes = std::int64_t{1} << 50;
// Before a pull is tried again; doubled each time, until the launch's deadline.
inline constexpr std::chrono::seconds first_pull_pause{1};
// Standard error that comes before ContainerSSH's agent has said a process id: a program that fails at once
// says less, and an agent that goes on like this will not say it.
inline constexpr std::size_t early_errors = std::size_t{64} * 1024;
// Standard error of an agent that fails, per line and per box: enough for its reason, not for flooding a log.
inline constexpr std::size_t agent_error_line = 500;
inline constexpr unsigned agent_error_lines = 20;

// A container that ends by itself is gone from Podman's hands within a few hundred milliseconds.
inline constexpr int removals_of_what_ends = 10;
inline constexpr std::chrono::milliseconds pause_of_what_ends{100};

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

// After its link ended: how long the engine may take to see that the box ended too, and to say so. The user
// waits for it, and a reason is not worth more.
inline constexpr std::chrono::seconds end_reason{2};
// A program without an agent was killed: so long its box may take to end, too. A program that was killed
// alone waits for it.
inline constexpr std::chrono::milliseconds end_of_a_killed_box{300};
// From the signal to SIGKILL when a box that stays is stopped: `docker stop`'s own.
inline constexpr std::chrono::seconds stop_grace{10};
// A box that stays can be stopped or removed by somebody else between our finding it and our use of it, or
// its name belong to a creation that an engine still carries out for nobody: so often it is looked for
// again, the first time after this pause, which doubles.
inline constexpr int home_tries = 5;
inline constexpr std::chrono::milliseconds home_pause{100};
// So many launches in a row that an engine did not answer, and logins are refused at once: fewer may be
// chance (an engine that restarts), more is users who wait for a whole deadline each. Then one login asks it
// after this pause, and after twice as long when it failed, at most the longest: who waits for the engine
// tries again by hand and should find it soon after it is back.
inline constexpr unsigned launches_without_answer = 5;
inline constexpr std::chrono::seconds first_gate_pause{1};
inline constexpr std::chrono::seconds longest_gate_pause{5};
// What could not be removed is tried again after this pause, then after twice as long each time, at most the
// longest: an engine that comes back is soon rid of it, one that does not is hardly asked.
inline constexpr std::chrono::seconds first_removal_pause{1};
inline constexpr std::chrono::seconds longest_removal_pause{60};
// An engine that did not answer a creation may still have it before it, and answer other questions first: for
// so long a box that it does not know of may still come.
inline constexpr std::chrono::seconds late_creation{3};
// Where the engine cannot bound a container's disk use it is asked how much each has written. That makes it
// add up files, so the pause is this, or so many times what the answer took.
inline constexpr std::chrono::seconds disk_look{1};
inline constexpr int disk_look_share = 10;
// Engines with their connections, and addresses of engines in the journal, that are kept although nothing is
// on them: more than a site has, and a configuration server that names another one each time fills nothing.
inline constexpr std::size_t known_engines = 64;
// Boxes that stay whose agent this process knows to be there: one that is forgotten costs an upload.
inline constexpr std::size_t known_agents = 4096;
// Removals under way at once when leftovers are swept: an engine serialises most of a removal anyway.
inline constexpr std::size_t leftovers_at_once = 8;

}  // namespace fairlead::docker::limits
