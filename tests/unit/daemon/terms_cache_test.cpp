// SPDX-License-Identifier: Apache-2.0
// Answers of the configuration server serve again for as long as the file says, and not for ever.
#include "daemon/terms_cache.hpp"

#include <gtest/gtest.h>

namespace fairlead::daemon {
namespace {

using namespace std::chrono_literals;

const TermsCache::Clock::time_point start{};

TermsCache::Key key(std::size_t number) {
  return TermsCache::Key{static_cast<std::byte>(number & 0xff), static_cast<std::byte>(number >> 8)};
}

webhook::Answer answer(const std::string& who) {
  webhook::Answer made;
  made.metadata.authenticated_username = who;
  return made;
}

std::string found(TermsCache& cache, std::size_t number, TermsCache::Clock::time_point now) {
  const auto kept = cache.find(key(number), now);
  return kept ? kept->metadata.authenticated_username : "nothing";
}

TEST(TermsCache, WithoutATimeNothingIsKept) {
  TermsCache cache(0s);
  cache.keep(key(1), answer("ada"), start);
  EXPECT_EQ(found(cache, 1, start), "nothing");
}

TEST(TermsCache, AnAnswerServesUntilItsTimeIsOver) {
  TermsCache cache(10s);
  cache.keep(key(1), answer("ada"), start);
  EXPECT_EQ(found(cache, 1, start + 9999ms), "ada");
  EXPECT_EQ(found(cache, 2, start), "nothing");
  EXPECT_EQ(found(cache, 1, start + 10s), "nothing");
}

TEST(TermsCache, AFresherAnswerReplacesTheOldOne) {
  TermsCache cache(10s);
  cache.keep(key(1), answer("ada"), start);
  cache.keep(key(1), answer("grace"), start + 5s);
  EXPECT_EQ(found(cache, 1, start + 14s), "grace");
}

TEST(TermsCache, BeyondItsRoomTheOldestGoes) {
  TermsCache cache(1h);
  for (std::size_t i = 0; i <= TermsCache::max_entries; ++i)
    cache.keep(key(i), answer("user" + std::to_string(i)), start + std::chrono::seconds(i));
  const auto now = start + 10min;
  EXPECT_EQ(found(cache, 0, now), "nothing");
  EXPECT_EQ(found(cache, 1, now), "user1");
  EXPECT_EQ(found(cache, TermsCache::max_entries, now), "user256");
}

}  // namespace
}  // namespace fairlead::daemon
