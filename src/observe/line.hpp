// SPDX-License-Identifier: Apache-2.0
// The text of one log line (services.md sections 7.3 and 7.4).
#pragma once

#include "observe/log.hpp"

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::observe {

// Of what a peer can put into one line; what is cut ends in "…" (security.md TC-13).
inline constexpr std::size_t max_label_length = 256;
// Messages are ours, but carry causes that others worded.
inline constexpr std::size_t max_message_length = 2048;

// Harmless in a terminal and in a file: control characters (C0, DEL, C1), marks that turn the direction of
// text around, line separators and bytes that are no UTF-8 become \xNN. At most `max_length` bytes of the
// input are used.
[[nodiscard]] std::string escape(std::string_view text, std::size_t max_length);

// Without the newline. `now` is shown in local time. Labels are sorted by name; of two with one name the
// later counts.
[[nodiscard]] std::string json_line(std::time_t now, Level level, std::string_view code,
                                    std::string_view message, const std::vector<Label>& labels);
[[nodiscard]] std::string text_line(std::time_t now, Level level, std::string_view message,
                                    const std::vector<Label>& labels);

}  // namespace fairlead::observe
