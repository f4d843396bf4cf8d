// SPDX-License-Identifier: Apache-2.0
// Which of several forms of an answer a client likes best (RFC 9110 section 12.5.1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

namespace fairlead::http {

enum class NoChoice : std::uint8_t { unreadable, nothing_fits };

// The index of the media type in `offered` (lower case) that the Accept header asks for: the highest q, then
// the one that is named most precisely, then first. Without a header that is the first. Parameters other than
// q are not looked at.
[[nodiscard]] std::expected<std::size_t, NoChoice> negotiate(std::string_view accept,
                                                             std::span<const std::string_view> offered);

}  // namespace fairlead::http
