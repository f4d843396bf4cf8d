// SPDX-License-Identifier: Apache-2.0
// Pauses grow, keep to the budget, and follow the server's wishes.
#include "webhook/retry.hpp"

#include "webhook/limits.hpp"

#include <gtest/gtest.h>

namespace fairlead::webhook {
namespace {

using namespace std::chrono_literals;

TEST(WebhookRetry, PausesGrowFromAQuarterOfASecondToTen) {
  Retry retry(1h, 1);
  Clock::time_point now = Clock::now();
  Clock::duration full = limits::first_pause;
  for (int i = 0; i < 12; ++i) {
    const auto next = retry.next(Prospect::passing, now);
    ASSERT_TRUE(next);
    EXPECT_GE(*next - now, full / 2) << i;
    EXPECT_LE(*next - now, full) << i;
    now = *next;
    full = std::min<Clock::duration>(2 * full, 10s);
  }
}

TEST(WebhookRetry, LoginsThatFailTogetherDoNotComeBackTogether) {
  const auto now = Clock::now();
  Retry one(1h, 1), other(1h, 2);
  EXPECT_NE(*one.next(Prospect::passing, now) - now, *other.next(Prospect::passing, now) - now);
}

TEST(WebhookRetry, EndsWhenNoAttemptFits) {
  Retry retry(100ms, 1);
  EXPECT_FALSE(retry.next(Prospect::passing, Clock::now()));
  Retry later(10s, 1);
  EXPECT_TRUE(later.next(Prospect::passing, Clock::now()));
  EXPECT_FALSE(later.next(Prospect::passing, later.deadline()));
}

TEST(WebhookRetry, MistakesAreTriedThreeTimes) {
  Retry retry(1h, 1);
  EXPECT_TRUE(retry.next(Prospect::mistake, Clock::now()));
  EXPECT_TRUE(retry.next(Prospect::passing, Clock::now()));
  EXPECT_TRUE(retry.next(Prospect::mistake, Clock::now()));
  EXPECT_FALSE(retry.next(Prospect::mistake, Clock::now()));
}

TEST(WebhookRetry, WhatIsFinalIsNotTriedAgain) {
  Retry retry(1h, 1);
  EXPECT_FALSE(retry.next(Prospect::final, Clock::now()));
  EXPECT_FALSE(retry.next(Prospect::final, Clock::now(), 1s)) << "whatever the server says";
}

TEST(WebhookRetry, ServersSayWhenToComeBack) {
  const auto now = Clock::now();
  Retry retry(60s, 1);
  EXPECT_EQ(*retry.next(Prospect::passing, now, 7s), now + 7s);
  EXPECT_GT(*retry.next(Prospect::passing, now, 0s), now) << "but not without any pause";
  EXPECT_FALSE(retry.next(Prospect::passing, now, 100s));
  EXPECT_FALSE(retry.next(Prospect::passing, now, std::chrono::seconds::max()));
}

TEST(WebhookRetry, RetryAfterIsSecondsOrADate) {
  const auto now = std::chrono::system_clock::from_time_t(1'800'000'000);
  EXPECT_EQ(parse_retry_after("120", now), 120s);
  EXPECT_EQ(parse_retry_after("Fri, 15 Jan 2027 08:00:30 GMT", now), 30s);
  EXPECT_EQ(parse_retry_after("Fri, 15 Jan 2021 08:00:30 GMT", now), 0s) << "a date that is over";
  for (const char* nothing : {"", "-1", "1.5", "soon", "120 s", "99999999999999999999"}) {
    EXPECT_FALSE(parse_retry_after(nothing, now)) << nothing;
  }
}

}  // namespace
}  // namespace fairlead::webhook
