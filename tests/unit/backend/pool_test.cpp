// SPDX-License-Identifier: Apache-2.0
// The pool of warm boxes with boxes of the test's own making: claimed once, never a dead one, refilled with
// patience.
#include "backend/pool.hpp"

#include "base/file_descriptor.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <set>
#include <thread>

namespace fairlead::backend {
namespace {

namespace asio = ssh::asio;
using namespace std::chrono_literals;

// A login's box: nobody asks it for more than its name.
class FakeBox final : public Box {
 public:
  explicit FakeBox(std::string id) : id_(std::move(id)) {}
  [[nodiscard]] ssh::AcceptedConnection& peer() override { throw std::logic_error("nobody is there"); }
  [[nodiscard]] std::string id() const override { return id_; }
  [[nodiscard]] Task<> remove() override { co_return; }
  [[nodiscard]] Task<std::string> end_reason() override { co_return ""; }

 private:
  std::string id_;
};

// Makes boxes and knows what became of them. Thread-safe.
class Workshop {
 public:
  enum class Claims : std::uint8_t { served, dead, refused };

  std::atomic<bool> fails{false}, holds{false}, outdated{false}, counted{false};
  std::atomic<Claims> claims{Claims::served};
  std::atomic<int> attempts{0}, dropped{0};

  // The agent's end of a new box's link is kept: closing it is the box's death.
  FileDescriptor add(const std::string& id) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
      throw BackendError("no sockets", "");
    const std::scoped_lock lock(mutex_);
    agents_[id] = FileDescriptor(ends[1]);
    return FileDescriptor(ends[0]);
  }
  void kill(const std::string& id) {
    const std::scoped_lock lock(mutex_);
    agents_.erase(id);
  }
  // The oldest that was not killed.
  std::string oldest() {
    const std::scoped_lock lock(mutex_);
    return agents_.begin()->first;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, FileDescriptor> agents_;
};

class FakeReadyBox final : public ReadyBox {
 public:
  FakeReadyBox(Workshop& workshop, std::string id) : workshop_(workshop), id_(std::move(id)) {
    link_ = workshop_.add(id_);
  }
  ~FakeReadyBox() override {
    ++workshop_.dropped;
    workshop_.kill(id_);
  }
  FakeReadyBox(const FakeReadyBox&) = delete;
  FakeReadyBox& operator=(const FakeReadyBox&) = delete;
  [[nodiscard]] std::string id() const override { return id_; }
  [[nodiscard]] int link() const noexcept override { return link_.get(); }
  [[nodiscard]] bool is_current() const override { return !workshop_.outdated; }
  void hold(std::shared_ptr<void> held) override { held_ = std::move(held); }
  [[nodiscard]] Task<std::unique_ptr<Box>> claim(const Login&) override {
    workshop_.counted = held_ != nullptr;
    if (workshop_.claims == Workshop::Claims::dead) throw DeadBox("it does not answer", "");
    if (workshop_.claims == Workshop::Claims::refused) throw BackendError("no such user", "Who?");
    co_return std::make_unique<FakeBox>(id_);
  }

 private:
  Workshop& workshop_;
  std::string id_;
  FileDescriptor link_;
  std::shared_ptr<void> held_;
};

Task<std::unique_ptr<ReadyBox>> make_box(Workshop& workshop, std::string prefix) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const int number = ++workshop.attempts;
  do {
    timer.expires_after(1ms);
    co_await timer.async_wait(asio::use_awaitable);
  } while (workshop.holds);
  if (workshop.fails) throw BackendError("no engine", "");
  co_return std::make_unique<FakeReadyBox>(workshop, prefix + std::to_string(1000 + number));
}

class PoolTest : public ::testing::Test {
 protected:
  void TearDown() override {
    if (!stopped_) shut_down();
  }

  Recipe recipe(unsigned size, const std::string& digest = "a") {
    Recipe made;
    made.digest = digest;
    made.settings.size = size;
    made.make = [this, digest] { return make_box(workshop_, digest); };
    return made;
  }
  // Whether it came true; the pool works meanwhile.
  template <class Condition>
  bool comes_true(Condition condition, std::chrono::milliseconds most = 10s) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition() && std::chrono::steady_clock::now() < end) loop_.run_one_for(10ms);
    return condition();
  }
  bool fills_to(std::size_t size) {
    return comes_true([&] { return pool_->waiting() == size; });
  }
  // "" when there was none; "!" and the sentence when the login was refused.
  std::string claim(Recipe wanted) {
    std::string id = "?";
    auto claiming = [](std::shared_ptr<Pool> pool, Recipe from, const Login& login,
                       std::string& result) -> Task<> {
      try {
        const auto box = co_await pool->claim(std::move(from), login);
        result = box ? box->id() : "";
      } catch (const BackendError& error) {
        result = "!" + error.user_text();
      }
    };
    asio::io_context core;  // not the pool's
    asio::co_spawn(core, claiming(pool_, std::move(wanted), login_, id), asio::detached);
    core.run();
    return id;
  }
  std::size_t shut_down() {
    std::optional<std::vector<std::unique_ptr<ReadyBox>>> left;
    auto ending = [](std::shared_ptr<Pool> pool, auto& result) -> Task<> {
      result = co_await pool->shutdown();
    };
    asio::co_spawn(loop_, ending(pool_, left), asio::detached);
    EXPECT_TRUE(comes_true([&] { return left.has_value(); }));
    stopped_ = true;
    return left ? left->size() : 0;
  }

  Workshop workshop_;
  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_{loop_.get_executor()};
  std::shared_ptr<Pool> pool_ = std::make_shared<Pool>(loop_.get_executor(), observe::Log());
  Login login_;
  bool stopped_ = false;
};

TEST_F(PoolTest, FillsForTheFileBeforeAnybodyLogsIn) {
  pool_->keep(recipe(3));
  EXPECT_TRUE(fills_to(3));
  EXPECT_EQ(workshop_.attempts, 3);
}

TEST_F(PoolTest, AWaitingBoxCountsFromItsClaimAndIsNotSpentOnWhoMayHaveNone) {
  pool_->keep(recipe(1));
  ASSERT_TRUE(fills_to(1));
  config::Config config;
  config.quota.max_boxes = 1;
  login_.user = "alice";
  login_.config = std::make_shared<const config::Config>(std::move(config));
  login_.places = std::make_shared<BoxPlaces>();
  auto place = take_place(login_);
  EXPECT_EQ(claim(recipe(1)).front(), '!');
  EXPECT_EQ(pool_->waiting(), 1U);
  place.reset();
  EXPECT_NE(claim(recipe(1)).front(), '!');
  EXPECT_TRUE(workshop_.counted);
}

TEST_F(PoolTest, GivesEachBoxOnceAndRefillsAfterwards) {
  pool_->keep(recipe(3));
  ASSERT_TRUE(fills_to(3));
  std::set<std::string> seen;
  for (int i = 0; i < 3; ++i) seen.insert(claim(recipe(3)));
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_FALSE(seen.contains(""));
  EXPECT_EQ(claim(recipe(3)), "") << "nothing is made on the way of a login";
  ASSERT_TRUE(fills_to(3));
  EXPECT_FALSE(seen.contains(claim(recipe(3)))) << "a box that was claimed never comes back";
}

TEST_F(PoolTest, AConfigurationOfALoginGetsAPoolWithItsFirstLogin) {
  EXPECT_EQ(claim(recipe(2, "b")), "");
  ASSERT_TRUE(fills_to(2));
  EXPECT_EQ(claim(recipe(2, "b")).substr(0, 1), "b");
  EXPECT_EQ(claim(recipe(2, "c")), "") << "boxes of another configuration are not for this login";
}

TEST_F(PoolTest, FiftyClaimsAtOnceTakeFiftyBoxes) {
  pool_->keep(recipe(50));
  ASSERT_TRUE(fills_to(50));
  std::mutex mutex;
  std::multiset<std::string> seen;
  asio::thread_pool cores(4);
  std::atomic<int> left = 50;
  for (int i = 0; i < 50; ++i) {
    auto one = [&]() -> Task<> {
      const auto box = co_await pool_->claim(recipe(50), login_);
      {
        const std::scoped_lock lock(mutex);
        seen.insert(box ? box->id() : "");
      }
      --left;
    };
    asio::co_spawn(cores, one, asio::detached);
  }
  EXPECT_TRUE(comes_true([&] { return left == 0; })) << "the pool refills meanwhile";
  cores.join();
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 50U);
  EXPECT_FALSE(seen.contains(""));
}

TEST_F(PoolTest, ABoxThatDiesWaitingGoesAndIsReplacedAfterAPause) {
  pool_->keep(recipe(2));
  ASSERT_TRUE(fills_to(2));
  workshop_.kill(workshop_.oldest());
  const auto died = std::chrono::steady_clock::now();
  EXPECT_TRUE(comes_true([&] { return workshop_.dropped == 1; }));
  EXPECT_TRUE(fills_to(2));
  EXPECT_GE(std::chrono::steady_clock::now() - died, limits::first_failure_pause - 50ms);
}

TEST_F(PoolTest, ADeadBoxIsNotHandedOutEvenWhenNobodyHasNoticedYet) {
  pool_->keep(recipe(2));
  ASSERT_TRUE(fills_to(2));
  const std::string dead = workshop_.oldest();
  workshop_.kill(dead);
  const std::string claimed = claim(recipe(2));  // the pool's loop has not run in between
  EXPECT_NE(claimed, dead);
  EXPECT_NE(claimed, "");
}

TEST_F(PoolTest, ABoxThatDiesInTheClaimIsFollowedByTheNext) {
  pool_->keep(recipe(limits::claims + 2));
  ASSERT_TRUE(fills_to(limits::claims + 2));
  workshop_.claims = Workshop::Claims::dead;
  EXPECT_EQ(claim(recipe(limits::claims + 2)), "") << "the login goes on with a cold box";
  EXPECT_EQ(workshop_.dropped, limits::claims) << "and does not try all of them";
  workshop_.claims = Workshop::Claims::served;
  EXPECT_NE(claim(recipe(limits::claims + 2)), "");
}

TEST_F(PoolTest, WhatALoginMeetsWithAnyBoxIsTold) {
  pool_->keep(recipe(2));
  ASSERT_TRUE(fills_to(2));
  workshop_.claims = Workshop::Claims::refused;
  EXPECT_EQ(claim(recipe(2)), "!Who?");
  EXPECT_EQ(workshop_.dropped, 1);
}

TEST_F(PoolTest, ABoxOfAnImageThatWasReplacedIsNotHandedOut) {
  pool_->keep(recipe(2));
  ASSERT_TRUE(fills_to(2));
  workshop_.outdated = true;
  EXPECT_EQ(claim(recipe(2)), "");
  EXPECT_EQ(workshop_.dropped, 2);
}

TEST_F(PoolTest, ABoxIsReplacedBeforeItIsTooOld) {
  Recipe young = recipe(2);
  young.settings.max_age = 200ms;
  pool_->keep(young);
  ASSERT_TRUE(fills_to(2));
  EXPECT_TRUE(comes_true([&] { return workshop_.dropped >= 2; }));
  EXPECT_TRUE(fills_to(2));
}

TEST_F(PoolTest, AConfigurationNobodyUsesLosesItsBoxesButNotTheFiles) {
  Recipe passing = recipe(2, "b");
  passing.settings.max_idle = 2s;
  Recipe kept = recipe(1);
  kept.settings.max_idle = 2s;
  pool_->keep(kept);
  EXPECT_EQ(claim(passing), "");
  ASSERT_TRUE(fills_to(3));
  EXPECT_TRUE(comes_true([&] { return workshop_.dropped == 2; }));
  EXPECT_FALSE(pool_->has("b"));
  EXPECT_TRUE(pool_->has("a"));
}

TEST_F(PoolTest, PausesGrowWhileBoxesCannotBeMade) {
  workshop_.fails = true;
  pool_->keep(recipe(8));
  EXPECT_FALSE(comes_true([] { return false; }, 2500ms));
  const int at_once = std::max<int>(2, static_cast<int>(std::thread::hardware_concurrency()) / 2);
  EXPECT_LE(workshop_.attempts, 2 * at_once)
      << "at the beginning and after a second; the next is after three";
  EXPECT_EQ(claim(recipe(8)), "") << "logins do not wait for that";
  workshop_.fails = false;
  EXPECT_TRUE(fills_to(8));
}

TEST_F(PoolTest, AllConfigurationsTogetherHaveABound) {
  rlimit descriptors{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &descriptors), 0);
  const auto most = std::min<std::size_t>(config::most_waiting_boxes, descriptors.rlim_cur / 8);
  EXPECT_EQ(claim(recipe(static_cast<unsigned>(most) - 1, "b")), "");
  EXPECT_EQ(claim(recipe(20, "c")), "");
  EXPECT_TRUE(fills_to(most));
  EXPECT_FALSE(comes_true([&] { return pool_->waiting() > most; }, 300ms));
  EXPECT_TRUE(pool_->has("c")) << "they are filled in turn";
}

TEST_F(PoolTest, ReloadFillsTheNewFilesPoolAndEmptiesTheOld) {
  pool_->keep(recipe(3));
  ASSERT_TRUE(fills_to(3));
  pool_->keep(recipe(3));
  EXPECT_FALSE(comes_true([&] { return workshop_.dropped > 0; }, 100ms)) << "the same is left alone";
  pool_->keep(recipe(2, "b"));
  EXPECT_TRUE(comes_true([&] { return workshop_.dropped == 3 && pool_->waiting() == 2; }));
  EXPECT_FALSE(pool_->has("a"));
}

TEST_F(PoolTest, AFileWithoutAPoolEmptiesIt) {
  pool_->keep(recipe(2));
  ASSERT_TRUE(fills_to(2));
  pool_->keep(std::nullopt);
  EXPECT_TRUE(fills_to(0));
}

TEST_F(PoolTest, ASmallerPoolLosesWhatItHasTooMuch) {
  pool_->keep(recipe(4));
  ASSERT_TRUE(fills_to(4));
  pool_->keep(recipe(1));
  EXPECT_TRUE(fills_to(1));
  EXPECT_EQ(workshop_.dropped, 3);
}

TEST_F(PoolTest, TheEndGivesBackWhatWaitsAndWhatIsJustBeingMade) {
  pool_->keep(recipe(1));
  ASSERT_TRUE(fills_to(1));
  workshop_.holds = true;
  EXPECT_EQ(claim(recipe(2, "b")), "");
  ASSERT_TRUE(comes_true([&] { return workshop_.attempts == 3; }));
  asio::steady_timer later(loop_, 100ms);
  later.async_wait([&](boost::system::error_code) { workshop_.holds = false; });
  const int attempts = workshop_.attempts;
  EXPECT_EQ(shut_down(), static_cast<std::size_t>(attempts));
  EXPECT_EQ(workshop_.attempts, attempts) << "nothing new is begun";
}

TEST_F(PoolTest, AfterTheEndNobodyGetsABox) {
  pool_->keep(recipe(1));
  ASSERT_TRUE(fills_to(1));
  EXPECT_EQ(shut_down(), 1U);
  EXPECT_EQ(claim(recipe(1)), "");
  EXPECT_EQ(pool_->waiting(), 0U);
}

}  // namespace
}  // namespace fairlead::backend
