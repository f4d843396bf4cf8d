// SPDX-License-Identifier: Apache-2.0
// How many boxes a user has, counted from many threads.
#include "backend/backend.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace fairlead::backend {
namespace {

Login login_of(const std::string& user, std::shared_ptr<BoxPlaces> places,
               std::optional<std::uint64_t> most) {
  config::Config config;
  config.quota.max_boxes = most;
  Login login;
  login.user = user;
  login.places = std::move(places);
  login.config = std::make_shared<const config::Config>(std::move(config));
  return login;
}

TEST(BoxPlaces, EachUserHasTheirOwn) {
  const auto places = std::make_shared<BoxPlaces>();
  const auto first = places->take("alice", 2), second = places->take("alice", 2);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(places->take("alice", 2));
  EXPECT_TRUE(places->take("bob", 2));
  EXPECT_TRUE(places->take("alice", 3)) << "what was given out counts, not the limit it was given under";
}

TEST(BoxPlaces, OneThatIsDroppedIsFreeAgain) {
  const auto places = std::make_shared<BoxPlaces>();
  for (int i = 0; i < 3; ++i) {
    const auto place = places->take("alice", 1);
    EXPECT_TRUE(place);
    EXPECT_FALSE(places->take("alice", 1));
  }
}

TEST(BoxPlaces, ARefusalIsASentenceForTheUser) {
  const auto places = std::make_shared<BoxPlaces>();
  const auto place = take_place(login_of("alice", places, 1));
  try {
    (void)take_place(login_of("alice", places, 1));
    FAIL() << "a second box";
  } catch (const BackendError& error) {
    EXPECT_EQ(error.user_text(),
              "You have as many boxes as you may have at the same time. End one of your sessions first.");
  }
}

TEST(BoxPlaces, WithoutALimitBoxesCountAllTheSame) {
  const auto places = std::make_shared<BoxPlaces>();
  const auto unlimited = take_place(login_of("alice", places, {}));
  EXPECT_THROW((void)take_place(login_of("alice", places, 1)), BackendError);
  EXPECT_EQ(take_place(login_of("alice", nullptr, 1)), nullptr) << "nobody counts";
}

TEST(BoxPlaces, NeverMoreThanTheLimitWhoeverAsks) {
  const auto places = std::make_shared<BoxPlaces>();
  std::atomic<int> held{0}, most{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 2000; ++round) {
        const auto place = places->take("alice", 2);
        if (!place) continue;
        const int now = ++held;
        for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
        }
        --held;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(most, 2);
  EXPECT_GE(most, 1);
}

}  // namespace
}  // namespace fairlead::backend
