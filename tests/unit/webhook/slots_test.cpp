// SPDX-License-Identifier: Apache-2.0
// The line in front of a target.
#include "webhook/slots.hpp"

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace fairlead::webhook {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class SlotsTest : public testing::Test {
 protected:
  // Enters, notes it, and stays until `leave` is notified.
  ssh::Task<> visit(std::string name, std::shared_ptr<ssh::Event> leave, Clock::duration patience = 1h) {
    const auto slot = co_await slots_.enter(Clock::now() + patience);
    seen_.push_back(name + (slot ? " in" : " late"));
    if (slot) co_await leave->wait();
  }
  std::shared_ptr<ssh::Event> start(const std::string& name, Clock::duration patience = 1h) {
    auto leave = std::make_shared<ssh::Event>(io_.get_executor());
    scope_.spawn(visit(name, leave, patience));
    poll();
    return leave;
  }
  void poll() {
    io_.restart();
    io_.poll();
  }

  boost::asio::io_context io_{1};
  Slots slots_{1};
  ssh::TaskScope scope_{io_.get_executor()};
  std::vector<std::string> seen_;
};

TEST_F(SlotsTest, WhoWaitsLongestIsNext) {
  const auto first = start("a"), second = start("b"), third = start("c");
  EXPECT_THAT(seen_, testing::ElementsAre("a in"));
  first->notify();
  poll();
  EXPECT_THAT(seen_, testing::ElementsAre("a in", "b in"));
  second->notify();
  poll();
  EXPECT_THAT(seen_, testing::ElementsAre("a in", "b in", "c in"));
  third->notify();
  poll();
  EXPECT_THAT(seen_, testing::SizeIs(3));
}

TEST_F(SlotsTest, NobodyWaitsLongerThanTheDeadline) {
  const auto first = start("a");
  const auto second = start("b", -1ms);
  poll();
  EXPECT_THAT(seen_, testing::ElementsAre("a in", "b late"));
  first->notify();
  poll();
  start("c")->notify();
  EXPECT_EQ(seen_.back(), "c in") << "the slot is free again";
  poll();
}

TEST_F(SlotsTest, WhoGivesUpLeavesTheLine) {
  const auto first = start("a");
  {
    ssh::TaskScope gone(io_.get_executor());
    gone.spawn(visit("b", std::make_shared<ssh::Event>(io_.get_executor())));
    poll();
  }
  poll();
  const auto third = start("c");
  first->notify();
  poll();
  EXPECT_EQ(seen_.back(), "c in");
  third->notify();
  poll();
}

}  // namespace
}  // namespace fairlead::webhook
