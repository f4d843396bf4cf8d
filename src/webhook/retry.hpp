// SPDX-License-Identifier: Apache-2.0
// When a call that failed is made again, and when no more.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string_view>

namespace fairlead::webhook {

using Clock = std::chrono::steady_clock;

// Of an attempt that failed.
enum class Prospect : std::uint8_t {
  passing,  // a server that is down, busy or slow: worth waiting for until the budget ends
  mistake,  // an answer that means nothing: a deployment under way may show it for a moment
  final,    // the server has understood and does not want: another attempt changes nothing
};

// One call's attempts. The pauses grow twofold and are drawn from their upper half, so that logins that
// failed together do not come back together.
class Retry {
 public:
  Retry(Clock::duration budget, unsigned seed);

  [[nodiscard]] Clock::time_point deadline() const noexcept { return deadline_; }
  // After a failed attempt: when to begin the next one. Nothing when it could not end before the deadline, or
  // would change nothing. `asked_for` is the server's Retry-After.
  [[nodiscard]] std::optional<Clock::time_point> next(Prospect prospect, Clock::time_point now,
                                                      std::optional<std::chrono::seconds> asked_for = {});

 private:
  Clock::time_point deadline_;
  Clock::duration pause_;
  unsigned mistakes_ = 0;
  std::minstd_rand dice_;
};

// Of a Retry-After header (RFC 9110 section 10.2.3): seconds, or a date. Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace fairlead::webhook
