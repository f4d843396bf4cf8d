// SPDX-License-Identifier: Apache-2.0
// Durations, sizes and numbers as people write them.
#include "config/values.hpp"

#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreReadInGosForm) {
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("2s"), 2s);
  EXPECT_EQ(parse_duration("300ms"), 300ms);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("1h5m"), 65min);
  EXPECT_EQ(parse_duration("1m0s"), 60s);
  EXPECT_EQ(parse_duration("15us"), 15us);
  EXPECT_EQ(parse_duration("15µs"), 15us);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("0"), 0s);
}

TEST(Durations, PlainNumbersCountNanoseconds) {
  EXPECT_EQ(parse_duration("2000000000"), 2s);
}

TEST(Durations, NonsenseIsRefused) {
  for (const char* text : {"", "s", "1x", "1s2", "-1s", "-1", "1 s", "1.2.3s", ".s", "1e3s", "ten",
                           "300years", "99999999999999h", "inf", "nan"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Durations, TextIsReadBack) {
  for (const Duration duration :
       {Duration(0), Duration(1), Duration(90s), Duration(1500ms), Duration(36h + 1us)})
    EXPECT_EQ(parse_duration(to_text(duration)), duration) << to_text(duration);
  EXPECT_EQ(to_text(Duration(90s)), "1m30s");
}

TEST(Sizes, AreReadWithUnitsOf1024) {
  EXPECT_EQ(parse_size("0"), 0U);
  EXPECT_EQ(parse_size("1024"), 1024U);
  EXPECT_EQ(parse_size("512M"), 512ULL << 20);
  EXPECT_EQ(parse_size("1GiB"), 1ULL << 30);
  EXPECT_EQ(parse_size("1Gi"), 1ULL << 30);
  EXPECT_EQ(parse_size("1gb"), 1ULL << 30);
  EXPECT_EQ(parse_size("1.5k"), 1536U);
  EXPECT_EQ(parse_size("2 TiB"), 2ULL << 40);
  EXPECT_EQ(parse_size("10B"), 10U);
}

TEST(Sizes, NonsenseIsRefused) {
  for (const char* text : {"", "M", "-1", "-1M", "1Q", "1MM", "1iB", "1i", "99999999T", "1MiBx", "M1"})
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
}

TEST(Numbers, AreReadWholeOrNotAtAll) {
  EXPECT_EQ(parse_unsigned("42"), 42U);
  EXPECT_EQ(parse_unsigned("0x10"), 16U);
  EXPECT_EQ(parse_unsigned("0o17"), 15U);
  EXPECT_EQ(parse_unsigned("18446744073709551616"), std::nullopt);
  EXPECT_EQ(parse_unsigned("4 "), std::nullopt);
  EXPECT_EQ(parse_signed("-7"), -7);
  EXPECT_EQ(parse_real("1.5"), 1.5);
  EXPECT_EQ(parse_real("nan"), std::nullopt);
}

TEST(Booleans, IncludeYamls) {
  EXPECT_EQ(parse_boolean("true"), true);
  EXPECT_EQ(parse_boolean("Off"), false);
  EXPECT_EQ(parse_boolean("1"), std::nullopt);
}

TEST(Closest, FindsTypingMistakesAndNothingElse) {
  const std::vector<std::string> known{"listen", "serverVersion", "ciphers", "kex"};
  EXPECT_EQ(closest("lisen", known), "listen");
  EXPECT_EQ(closest("serverversion", known), "serverVersion");
  EXPECT_EQ(closest("cihpers", known), "ciphers");
  EXPECT_EQ(closest("audit", known), "");
  EXPECT_EQ(closest(std::string(100'000, 'x'), known), "");
}

// Found by config_fuzz: more nanoseconds than a double tells apart.
TEST(Values, LongDurationsAreExact) {
  const Duration exact(55'555'555'555'555'555);
  EXPECT_EQ(parse_duration(to_text(exact)), exact);
  EXPECT_FALSE(parse_duration("5555555555555550404"));
}

}  // namespace
}  // namespace fairlead::config
