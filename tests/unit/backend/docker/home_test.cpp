// SPDX-License-Identifier: Apache-2.0
// Boxes that stay: whose is whose, and when one is stopped.
#include "backend/docker/home.hpp"

#include "backend/backend.hpp"
#include "backend/docker/residents.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fairlead::docker {
namespace {

using namespace std::chrono_literals;

const Ourselves us{"prod", "0123456789abcdef0123456789abcdef"};

std::string name_for(const std::string& user, const std::string& pattern) {
  config::Docker docker;
  docker.container_name = pattern;
  return home_of(docker, us, user).container;
}

TEST(Home, NamesAreMadeOfThePatternAndTheUser) {
  EXPECT_EQ(name_for("alice", "home-{username}"), "home-alice");
  EXPECT_EQ(name_for("alice", "{username}.{username}"), "alice.alice");
  EXPECT_EQ(name_for("alice", ""), "fairlead-prod-01234567-alice");
  EXPECT_EQ(name_for("{username}", "h-{username}"), "h-_7busername_7d") << "filled in once";
}

TEST(Home, NoTwoUsersHaveOneName) {
  std::set<std::string> names;
  for (const char* user : {"a_b", "a/b", "a b", "a.b", "a-b", "a_5fb", "A_b", "\xc3\xa4", "..", "a\nb"})
    EXPECT_TRUE(names.insert(name_for(user, "h-{username}")).second) << user;
}

TEST(Home, AFixedNameIsEverybodys) {
  config::Docker docker;
  docker.container_name = "shared";
  EXPECT_EQ(home_of(docker, us, "alice").user, "");
  docker.container_name = "h-{username}";
  EXPECT_EQ(home_of(docker, us, "alice").user, "alice");
}

TEST(Home, NamesThatNoEngineTakesAreRefused) {
  for (const char* user : {"../x", "-x", "_", ""})
    EXPECT_THROW((void)name_for(user, "{username}"), backend::BackendError) << user;
  EXPECT_THROW((void)name_for(std::string(300, 'a'), "h-{username}"), backend::BackendError);
  EXPECT_THROW((void)name_for("alice", "a/{username}"), backend::BackendError);
}

ContainerState found(std::map<std::string, std::string> labels) {
  return {"id", "/h-alice", std::move(labels)};
}

TEST(Home, OnlyOursAndTheOperatorsAreEntered) {
  const Home home{"h-alice", "alice"};
  const std::map<std::string, std::string> ours{
      {"fairlead_instance", us.instance}, {"fairlead_owner", us.owner}, {"fairlead_home", "alice"}};
  EXPECT_NO_THROW(check_home(found(ours), home, us));
  EXPECT_NO_THROW(check_home(found({{"com.example", "x"}}), home, us)) << "made by the operator";
  EXPECT_FALSE(is_fairleads(found({{"com.example", "x"}})));

  for (const auto& [label, other] : std::map<std::string, std::string>{
           {"fairlead_instance", "test"}, {"fairlead_owner", "somebody"}, {"fairlead_home", "bob"}}) {
    auto labels = ours;
    labels[label] = other;
    EXPECT_THROW(check_home(found(labels), home, us), backend::BackendError) << label;
    labels.erase(label);
    EXPECT_THROW(check_home(found(labels), home, us), backend::BackendError) << label;
    EXPECT_TRUE(is_fairleads(found(labels)));
  }
}

using Do = Residents::Look::Do;

TEST(Residents, OnlyTheLastOneOutLeavesAHomeThatIsIdle) {
  Residents residents;
  EXPECT_FALSE(residents.enter("h"));
  EXPECT_FALSE(residents.enter("h"));
  EXPECT_FALSE(residents.leave("h", Residents::Rest{"id", 1h}));
  EXPECT_TRUE(residents.leave("h", Residents::Rest{"id", 1h}));
  EXPECT_EQ(residents.look("h").what, Do::wait);
  EXPECT_GT(residents.look("h").until, Residents::Clock::now() + 59min);
}

TEST(Residents, WhoComesBackInTimeKeepsItRunning) {
  Residents residents;
  residents.enter("h");
  EXPECT_TRUE(residents.leave("h", Residents::Rest{"id", 0s}));
  residents.enter("h");
  EXPECT_EQ(residents.look("h").what, Do::nothing);
  EXPECT_TRUE(residents.leave("h", Residents::Rest{"id", 0s})) << "the one before has gone home";
  const auto look = residents.look("h");
  EXPECT_EQ(look.what, Do::stop);
  EXPECT_EQ(look.container, "id");
}

TEST(Residents, WhoComesWhileItIsBeingStoppedIsTold) {
  Residents residents;
  residents.enter("h");
  EXPECT_TRUE(residents.leave("h", Residents::Rest{"id", 0s}));
  EXPECT_EQ(residents.look("h").what, Do::stop);
  EXPECT_TRUE(residents.enter("h"));
  residents.stopped("h");
  EXPECT_FALSE(residents.enter("h"));
}

TEST(Residents, ALoginThatNeverFoundItsContainerStopsNone) {
  Residents residents;
  residents.enter("h");
  EXPECT_FALSE(residents.leave("h", std::nullopt));
  // But one that was told before it goes on being idle.
  residents.enter("h");
  residents.enter("h");
  EXPECT_FALSE(residents.leave("h", Residents::Rest{"id", 0s}));
  EXPECT_TRUE(residents.leave("h", std::nullopt));
  EXPECT_EQ(residents.look("h").what, Do::stop);
}

TEST(Residents, AnAgentIsBroughtOncePerContainer) {
  Residents residents;
  EXPECT_FALSE(residents.has_agent("id"));
  residents.set_agent("id");
  EXPECT_TRUE(residents.has_agent("id"));
  EXPECT_FALSE(residents.has_agent("other"));
}

}  // namespace
}  // namespace fairlead::docker
