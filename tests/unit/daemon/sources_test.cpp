// SPDX-License-Identifier: Apache-2.0
// Limits and penalties of source addresses (security.md TH-15).
#include "daemon/sources.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace fairlead::daemon {
namespace {

using namespace std::chrono_literals;

constexpr unsigned lucky = 99;   // the dice never drops
constexpr unsigned unlucky = 0;  // it drops whenever something is dropped at all

class SourcesTest : public testing::Test {
 protected:
  std::expected<Sources::Visit, Turned> knock(const std::string& address, unsigned dice = lucky) {
    return sources_.admit(address, *make_source_rules(ssh_), now_, dice);
  }
  // Connections of one address that stay.
  std::vector<Sources::Visit> hold(const std::string& address, std::size_t count, unsigned dice = lucky) {
    std::vector<Sources::Visit> visits;
    visits.reserve(count);
    while (visits.size() < count) visits.push_back(*knock(address, dice));
    return visits;
  }
  // How long `address` is turned away after a connection that ended so.
  std::optional<Sources::Clock::duration> fail(const std::string& address, Ending ending) {
    auto visit = knock(address);
    EXPECT_TRUE(visit) << visit.error().why;
    return visit ? visit->end(ending, now_) : std::nullopt;
  }

  config::Ssh ssh_;
  Sources sources_;
  Sources::Clock::time_point now_{1h};
};

TEST_F(SourcesTest, AThirdFailedLoginInARowTurnsTheSourceAway) {
  EXPECT_EQ(fail("10.0.0.1", Ending::auth_failed), std::nullopt);
  EXPECT_EQ(fail("10.0.0.1", Ending::auth_failed), std::nullopt);
  EXPECT_EQ(fail("10.0.0.1", Ending::auth_failed), 15s);
  EXPECT_FALSE(knock("10.0.0.1"));
  EXPECT_FALSE(knock("::ffff:10.0.0.1")) << "the same address";
  EXPECT_TRUE(knock("10.0.0.2"));
  now_ += 14s;
  EXPECT_FALSE(knock("10.0.0.1"));
  now_ += 1s;
  EXPECT_TRUE(knock("10.0.0.1"));
}

// UA-19.
TEST_F(SourcesTest, WhoCouldNotBeDecidedAboutHasNotFailed) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(fail("10.0.0.1", Ending::unavailable), std::nullopt);
  EXPECT_EQ(sources_.remembered(), 0U);
}

// TM-2: of others in its place a client may hear, of dice and penalties it does not.
TEST_F(SourcesTest, OnlyAFullHouseIsToldToTheClient) {
  ssh_.max_unauthenticated = 4;
  ssh_.per_source.max_unauthenticated = 2;
  EXPECT_EQ(fail("10.0.0.9", Ending::auth_failed), std::nullopt);
  EXPECT_EQ(fail("10.0.0.9", Ending::auth_failed), std::nullopt);
  EXPECT_EQ(fail("10.0.0.9", Ending::auth_failed), 15s);
  EXPECT_FALSE(knock("10.0.0.9").error().no_room);
  const auto two = hold("10.0.0.1", 2);
  EXPECT_TRUE(knock("10.0.0.1").error().no_room);
  EXPECT_FALSE(knock("10.0.0.2", unlucky).error().no_room);
  const auto others = hold("10.0.0.2", 2);
  EXPECT_TRUE(knock("10.0.0.3").error().no_room);
}

TEST_F(SourcesTest, SlowFailuresAreForgiven) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(fail("10.0.0.1", Ending::auth_failed), std::nullopt);
    now_ += 5s;
  }
  EXPECT_EQ(fail("10.0.0.1", Ending::logged_in), std::nullopt);
  EXPECT_EQ(sources_.remembered(), 0U);
}

TEST_F(SourcesTest, PenaltiesAddUpToTheLongest) {
  for (auto& visit : hold("10.0.0.1", 64)) visit.end(Ending::protocol_error, now_);
  now_ += 599s;
  EXPECT_FALSE(knock("10.0.0.1"));
  now_ += 1s;
  EXPECT_TRUE(knock("10.0.0.1"));
}

TEST_F(SourcesTest, AVisitEndsOnce) {
  auto visit = knock("10.0.0.1");
  ASSERT_TRUE(visit);
  ssh_.per_source.max_unauthenticated = 1;
  EXPECT_FALSE(knock("10.0.0.1"));
  EXPECT_EQ(visit->end(Ending::logged_in, now_), std::nullopt);
  EXPECT_EQ(visit->end(Ending::auth_failed, now_), std::nullopt);
  EXPECT_TRUE(knock("10.0.0.1"));
}

TEST_F(SourcesTest, OneSourceCannotTakeAllPlaces) {
  const auto visits = hold("10.0.0.1", ssh_.per_source.max_unauthenticated);
  EXPECT_FALSE(knock("10.0.0.1"));
  EXPECT_TRUE(knock("10.0.0.2"));
}

TEST_F(SourcesTest, ASiteOfIpv6IsOneSource) {
  ssh_.per_source.max_unauthenticated = 1;
  const auto visit = knock("2001:db8:1:2:3:4:5:6");
  ASSERT_TRUE(visit);
  EXPECT_FALSE(knock("2001:db8:1:2::1"));
  EXPECT_TRUE(knock("2001:db8:1:3::1"));
}

TEST_F(SourcesTest, ExemptSourcesAreOnlyCounted) {
  ssh_.per_source.max_unauthenticated = 1;
  ssh_.per_source.exempt = {"10.0.0.0/8", "!10.0.0.66"};
  for (int i = 0; i < 5; ++i) EXPECT_EQ(fail("10.0.0.1", Ending::protocol_error), std::nullopt);
  const auto first = knock("10.0.0.1");
  EXPECT_TRUE(knock("10.0.0.1"));
  fail("10.0.0.66", Ending::protocol_error);
  EXPECT_EQ(fail("10.0.0.66", Ending::protocol_error), 20s);
}

TEST_F(SourcesTest, NearTheLimitSomeAreDroppedAndAtItAll) {
  ssh_.max_unauthenticated = 100;
  ssh_.per_source.max_unauthenticated = 100;
  const auto half = hold("10.0.0.1", 50, unlucky);
  EXPECT_FALSE(knock("10.0.0.2", 29));
  EXPECT_TRUE(knock("10.0.0.2", 30));
  const auto quarter = hold("10.0.0.2", 25);
  EXPECT_FALSE(knock("10.0.0.3", 64));
  EXPECT_TRUE(knock("10.0.0.3", 65));
  const auto rest = hold("10.0.0.2", 25);
  EXPECT_FALSE(knock("10.0.0.3"));
}

TEST_F(SourcesTest, AFullTableAdmitsStrangersAndForgetsTheHarmless) {
  ssh_.per_source.exempt.clear();
  for (unsigned i = 0; i < 65536 + 10; ++i) {
    const std::string address =
        "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." + std::to_string(i & 255);
    ASSERT_EQ(fail(address, Ending::no_attempt), std::nullopt);
  }
  EXPECT_EQ(sources_.remembered(), 65536U);
  now_ += 2s;
  EXPECT_EQ(fail("10.9.0.1", Ending::no_attempt), std::nullopt);
  EXPECT_EQ(sources_.remembered(), 1U);
}

TEST(SourceRules, AWrongPatternIsNamed) {
  config::Ssh ssh;
  ssh.per_source.exempt = {"10.0.0.0/33"};
  const auto rules = make_source_rules(ssh);
  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().find("ssh.perSource.exempt"), std::string::npos) << rules.error();
  ssh.per_source.exempt.clear();
  EXPECT_TRUE(make_source_rules(ssh));
}

}  // namespace
}  // namespace fairlead::daemon
