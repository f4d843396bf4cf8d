// SPDX-License-Identifier: Apache-2.0
// Durations, sizes and numbers as people write them, and which known name a wrong one resembles.
#pragma once

#include "config/duration.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::config {

// Go's form: "1h5m", "1.5s", "300ms", "0"; units h, m, s, ms, us (µs), ns. A plain number counts nanoseconds.
// Not negative.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text) noexcept;
// "512M", "1.5GiB", "1024"; units K, M, G, T, with or without "B" or "iB", in either case, all powers of 1024
// as in Docker.
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text) noexcept;
// Decimal, 0x or 0o.
[[nodiscard]] std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept;
[[nodiscard]] std::optional<std::int64_t> parse_signed(std::string_view text) noexcept;
[[nodiscard]] std::optional<double> parse_real(std::string_view text) noexcept;
// true/false and YAML 1.1's yes/no, on/off.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text) noexcept;

// "host:port", "[::1]:22" or ":22" for all addresses.
[[nodiscard]] bool is_listen_address(std::string_view text) noexcept;

// "1m30s", for messages and dumps; what parse_duration() reads back.
[[nodiscard]] std::string to_text(Duration duration);

[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;
// The one of `known` that `name` was probably meant to be; empty when none is near.
[[nodiscard]] std::string_view closest(std::string_view name, std::span<const std::string> known);

}  // namespace fairlead::config
