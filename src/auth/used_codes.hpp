// SPDX-License-Identifier: Apache-2.0
// Which one-time codes were accepted lately, in a file of the state directory: a restart must not accept one
// twice (RFC 6238 section 5.2).
#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace fairlead::auth {

// The last time step of each user. A step is over when its code is not accepted any more, and the file needs
// it no longer than clocks are wrong: an hour.
using UsedSteps = std::map<std::string, std::uint64_t>;
inline constexpr std::uint64_t remembered_steps = 120;

// "STEP USER" lines under a first line that names the format. Nothing for a line that is none.
[[nodiscard]] std::expected<UsedSteps, std::string> parse_used_steps(std::string_view text);
// Of steps that are at most remembered_steps older than `now`.
[[nodiscard]] std::string format_used_steps(const UsedSteps& steps, std::uint64_t now);

// A missing file is an empty one; so is one without a byte, which is what a power cut may leave. The error is
// a sentence.
[[nodiscard]] std::expected<UsedSteps, std::string> load_used_steps(const std::string& file);
// Complete or not at all whenever the process dies: mode 0600, beside it and renamed. Not synced: what a
// power cut takes is older than a boot.
[[nodiscard]] std::expected<void, std::string> store_used_steps(const std::string& file,
                                                                std::string_view text);

}  // namespace fairlead::auth
