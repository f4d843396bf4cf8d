// SPDX-License-Identifier: Apache-2.0
// Writing lines: one write(2) each, dropped and counted when the other end does not take them.
#include "observe/sinks.hpp"

#include "observe/line.hpp"

#include <climits>
#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <exception>
#include <mutex>
#include <utility>

namespace fairlead::observe {
namespace {

constexpr std::array<std::string_view, 8> level_names{"emerg",   "alert",  "crit", "error",
                                                      "warning", "notice", "info", "debug"};

// How long a reader of our pipe may keep everybody waiting before lines are dropped; once it has, lines are
// dropped at once until it reads again.
constexpr int patience_ms = 50;

class DescriptorSink : public LogSink {
 public:
  DescriptorSink(int descriptor, LineFormat format) : descriptor_(descriptor), format_(format) {}

  void write(Level level, std::string_view code, std::string_view message,
             const std::vector<Label>& labels) noexcept override {
    try {
      const std::string line = format_line(level, code, message, labels);
      const std::lock_guard lock(mutex_);
      report_dropped();
      if (!put(line)) ++dropped_;
    } catch (const std::exception&) {
      // No memory for a line: that one is missing is all that can be said.
      const std::lock_guard lock(mutex_);
      ++dropped_;
    }
  }

 protected:
  [[nodiscard]] int exchange_descriptor(int descriptor) {
    const std::lock_guard lock(mutex_);
    return std::exchange(descriptor_, descriptor);
  }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  std::string format_line(Level level, std::string_view code, std::string_view message,
                          const std::vector<Label>& labels) const {
    const std::time_t now = std::time(nullptr);
    std::string line = format_ == LineFormat::ljson ? json_line(now, level, code, message, labels)
                                                    : text_line(now, level, message, labels);
    line += '\n';
    return line;
  }

  // The gap is visible in the log itself, as soon as there is a log again.
  void report_dropped() {
    if (dropped_ == 0) return;
    const std::vector<Label> labels{{"lines", static_cast<std::int64_t>(dropped_)}};
    if (put(format_line(Level::warning, "LOG_WRITE_FAILED", "Log lines could not be written and are lost",
                        labels)))
      dropped_ = 0;
  }

  // A pipe that poll() calls writable takes PIPE_BUF bytes without blocking (pipe(7)), so no write is larger.
  // A line that stays unfinished is at least ended before the next one begins.
  bool put(std::string_view line) noexcept {
    if (torn_ && put_some("\n") <= 0) return false;
    torn_ = false;
    const std::size_t whole = line.size();
    while (!line.empty()) {
      const ssize_t count = put_some(line.substr(0, PIPE_BUF));
      if (count <= 0) {
        torn_ = line.size() < whole;
        return false;
      }
      line.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  ssize_t put_some(std::string_view bytes) noexcept {
    pollfd ready{descriptor_, POLLOUT, 0};
    int events = 0;
    while ((events = ::poll(&ready, 1, stalled_ ? 0 : patience_ms)) < 0 && errno == EINTR) {
    }
    stalled_ = events == 0;
    // Without a reader write() would raise SIGPIPE.
    if (events <= 0 || (ready.revents & POLLOUT) == 0 ||
        (ready.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0)
      return -1;
    ssize_t count = 0;
    while ((count = ::write(descriptor_, bytes.data(), bytes.size())) < 0 && errno == EINTR) {
    }
    return count;
  }

  std::mutex mutex_;
  int descriptor_;
  LineFormat format_;
  bool stalled_ = false;
  bool torn_ = false;
  std::uint64_t dropped_ = 0;
};

int open_file(const std::string& file) noexcept {
  return ::open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
}

class FileSink final : public DescriptorSink {
 public:
  FileSink(int descriptor, LineFormat format, std::string file)
      : DescriptorSink(descriptor, format), file_(std::move(file)) {}
  FileSink(const FileSink&) = delete;
  FileSink& operator=(const FileSink&) = delete;
  ~FileSink() override { ::close(descriptor()); }

  // The old file stays in use when the new one cannot be opened (services.md section 7.6).
  void reopen() noexcept override {
    const int opened = open_file(file_);
    if (opened < 0) {
      const int cause = errno;
      write(Level::error, "LOG_ROTATE_FAILED",
            "The log file cannot be opened again, the old one stays in use",
            {{"file", file_}, {"reason", std::string(std::strerror(cause))}});
      return;
    }
    ::close(exchange_descriptor(opened));
  }

 private:
  std::string file_;
};

}  // namespace

std::string_view level_name(Level level) noexcept {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<Level> level_from(std::string_view name) noexcept {
  for (std::size_t number = 0; number < level_names.size(); ++number) {
    const bool digit = name.size() == 1 && name.front() == static_cast<char>('0' + number);
    if (digit || name == level_names[number]) return static_cast<Level>(number);
  }
  return std::nullopt;
}

std::shared_ptr<LogSink> descriptor_sink(int descriptor, LineFormat format) {
  return std::make_shared<DescriptorSink>(descriptor, format);
}

std::expected<Log, std::string> open_log(const LogOptions& options) {
  if (options.file.empty()) return Log(descriptor_sink(STDOUT_FILENO, options.format), options.level);
  const int opened = open_file(options.file);
  if (opened < 0)
    return std::unexpected(
        fmt::format("The log file {} cannot be opened: {}.", options.file, std::strerror(errno)));
  return Log(std::make_shared<FileSink>(opened, options.format, options.file), options.level);
}

}  // namespace fairlead::observe
