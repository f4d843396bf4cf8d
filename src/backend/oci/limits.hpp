// SPDX-License-Identifier: Apache-2.0
// Every limit of the OCI backend with its reason.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fairlead::backend::oci::limits {

// Documents inside images (manifests, configurations): skopeo and containerd accept 4 MiB.
inline constexpr std::size_t image_document = std::size_t{4} << 20;
// What one image may become on disk: far above any real one, below what would fill a server unnoticed.
inline constexpr std::uint64_t image_bytes = std::uint64_t{64} << 30;
inline constexpr std::uint64_t image_entries = 4'000'000;
inline constexpr std::size_t image_layers = 256;  // Docker's own limit is 127
// A pull through skopeo that takes longer is stuck.
inline constexpr std::chrono::minutes image_pull{15};

// A runtime that does not answer in this time is killed. runc takes 30 ms; a machine under load a hundred
// times that.
inline constexpr std::chrono::seconds runtime_command{20};
// How long processes of a killed box may take to go before removal is reported as failed.
inline constexpr std::chrono::seconds box_exit{10};
// What is kept of the words of runtimes and helpers; the longest good answer is busybox's list of names, 3
// KB.
inline constexpr std::size_t error_text = 8000;

// A new box is refused when the state directory's file system has less than this free.
inline constexpr std::uint64_t free_disk_to_start = std::uint64_t{64} << 20;
// Below this the box that uses most is ended, before the host's own services fail.
inline constexpr std::uint64_t free_disk_reserve = std::uint64_t{256} << 20;
// Where the kernel cannot bound a box's disk use, it is looked at this often. A box writes up to 2 GB in that
// time.
inline constexpr std::chrono::seconds disk_watch{1};

// Ids mapped into a box: what a normal image uses (nobody is 65534).
inline constexpr std::uint32_t mapped_ids = 65536;
// First host id of root's boxes when /etc/subuid gives none to `fairlead` or `root`: above adduser's and
// below systemd-nspawn's ranges would both be guesses; Docker's and Podman's files start at 100000.
inline constexpr std::uint32_t first_mapped_id = 1'000'000;

// Open files of a box's programs: OpenSSH's and systemd's usual soft and hard limits.
inline constexpr std::uint64_t open_files_soft = 1024;
inline constexpr std::uint64_t open_files_hard = 524288;
inline constexpr std::uint64_t shared_memory = std::uint64_t{64} << 20;  // /dev/shm, as Docker's

}  // namespace fairlead::backend::oci::limits
