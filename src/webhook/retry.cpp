// SPDX-License-Identifier: Apache-2.0
// Growing pauses within a budget.
#include "webhook/retry.hpp"

#include "webhook/limits.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <string>

namespace fairlead::webhook {

Retry::Retry(Clock::duration budget, unsigned seed)
    : deadline_(Clock::now() + budget), pause_(limits::first_pause), dice_(seed) {}

std::optional<Clock::time_point> Retry::next(Prospect prospect, Clock::time_point now,
                                             std::optional<std::chrono::seconds> asked_for) {
  if (prospect == Prospect::final) return std::nullopt;
  if (prospect == Prospect::mistake && ++mistakes_ >= limits::attempts_at_mistakes) return std::nullopt;
  const auto half = std::chrono::duration_cast<std::chrono::microseconds>(pause_ / 2);
  Clock::duration pause =
      half + std::chrono::microseconds(std::uniform_int_distribution<std::int64_t>(0, half.count())(dice_));
  pause_ = std::min<Clock::duration>(2 * pause_, limits::longest_pause);
  // Compared as seconds: a server's number of them may not fit into nanoseconds.
  if (asked_for && *asked_for > std::chrono::ceil<std::chrono::seconds>(deadline_ - now)) return std::nullopt;
  if (asked_for) pause = std::max<Clock::duration>(pause, *asked_for);
  if (now + pause + limits::shortest_attempt > deadline_) return std::nullopt;
  return now + pause;
}

std::optional<std::chrono::seconds> parse_retry_after(std::string_view value,
                                                      std::chrono::system_clock::time_point now) {
  std::int64_t number = 0;
  const char* const end = value.data() + value.size();
  if (const auto parsed = std::from_chars(value.data(), end, number);
      parsed.ec == std::errc() && parsed.ptr == end)
    return number >= 0 ? std::optional(std::chrono::seconds(number)) : std::nullopt;
  const std::string text(value);
  std::tm date{};
  const char* const rest = ::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date);
  if (rest == nullptr || *rest != '\0') return std::nullopt;
  const auto then = std::chrono::system_clock::from_time_t(::timegm(&date));
  return std::max(std::chrono::seconds(0), std::chrono::ceil<std::chrono::seconds>(then - now));
}

}  // namespace fairlead::webhook
