// SPDX-License-Identifier: Apache-2.0
// Structured log lines: a level, a stable code, a sentence and labels, as JSON or text (services.md chapter
// 7).
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace fairlead::observe {

// Syslog's numbers: the smaller, the graver.
enum class Level : std::uint8_t { emerg, alert, crit, error, warning, notice, info, debug };

struct Label {
  std::string name;
  std::variant<std::string, std::int64_t, bool> value;
};

// Where lines go. Implementations are thread-safe, never throw and never block a caller for long.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual void write(Level level, std::string_view code, std::string_view message,
                     const std::vector<Label>& labels) = 0;
  virtual void reopen() {}  // SIGHUP
};

// A handle with inherited labels. Cheap to copy; thread-safe. Strings from peers are escaped and cut by the
// sink.
class Log {
 public:
  Log() = default;  // drops everything
  Log(std::shared_ptr<LogSink> sink, Level level)
      : sink_(std::move(sink)), level_(std::make_shared<std::atomic<Level>>(level)) {}

  [[nodiscard]] Log with(std::vector<Label> labels) const;
  [[nodiscard]] bool enabled(Level level) const noexcept {
    return sink_ && level <= level_->load(std::memory_order_relaxed);
  }
  // The same sink at another level.
  [[nodiscard]] Log at(Level level) const {
    Log copy = *this;
    copy.level_ = std::make_shared<std::atomic<Level>>(level);
    return copy;
  }
  // For this one, for all it was copied from or to, and for those that with() made of them.
  void set_level(Level level) const {
    if (level_) level_->store(level, std::memory_order_relaxed);
  }
  void reopen() const {  // SIGHUP
    if (sink_) sink_->reopen();
  }
  void write(Level level, std::string_view code, std::string_view message,
             std::vector<Label> labels = {}) const;

  void debug(std::string_view code, std::string_view message, std::vector<Label> labels = {}) const {
    if (enabled(Level::debug)) write(Level::debug, code, message, std::move(labels));
  }
  void info(std::string_view code, std::string_view message, std::vector<Label> labels = {}) const {
    if (enabled(Level::info)) write(Level::info, code, message, std::move(labels));
  }
  void notice(std::string_view code, std::string_view message, std::vector<Label> labels = {}) const {
    if (enabled(Level::notice)) write(Level::notice, code, message, std::move(labels));
  }
  void warning(std::string_view code, std::string_view message, std::vector<Label> labels = {}) const {
    if (enabled(Level::warning)) write(Level::warning, code, message, std::move(labels));
  }
  void error(std::string_view code, std::string_view message, std::vector<Label> labels = {}) const {
    if (enabled(Level::error)) write(Level::error, code, message, std::move(labels));
  }

 private:
  std::shared_ptr<LogSink> sink_;
  std::shared_ptr<std::atomic<Level>> level_;  // null when there is no sink
  std::shared_ptr<const std::vector<Label>> labels_;
};

}  // namespace fairlead::observe
