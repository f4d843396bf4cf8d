// SPDX-License-Identifier: Apache-2.0
// Log lines to a descriptor or file, as JSON lines or text (services.md sections 7.3 and 7.4).
#pragma once

#include "observe/log.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::observe {

enum class LineFormat : std::uint8_t { ljson, text };

struct LogOptions {
  Level level = Level::notice;
  LineFormat format = LineFormat::ljson;
  std::string file;  // empty: standard output
};

// A log that writes as the options say. The error is a sentence (the file cannot be opened).
[[nodiscard]] std::expected<Log, std::string> open_log(const LogOptions& options);
// Lines to a descriptor that stays the caller's: standard error for commands, a pipe in tests.
[[nodiscard]] std::shared_ptr<LogSink> descriptor_sink(int descriptor, LineFormat format);

// "debug" … "emerg", or 7 … 0.
[[nodiscard]] std::optional<Level> level_from(std::string_view name) noexcept;
[[nodiscard]] std::string_view level_name(Level level) noexcept;

}  // namespace fairlead::observe
