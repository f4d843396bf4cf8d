// SPDX-License-Identifier: Apache-2.0
// Name look-ups: answers, errors, and a name server that never answers.
#include "http/resolver.hpp"

#include "http/limits.hpp"
#include "support/run_task.hpp"

#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace fairlead::http {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;
using std::chrono::steady_clock;
using Addresses = Resolver::Addresses;

std::optional<Failure> failure_of(boost::asio::io_context& io, const Resolver& resolver,
                                  steady_clock::duration time) {
  try {
    (void)test::run_task(io, resolver.resolve("auth", 80, steady_clock::now() + time));
    return std::nullopt;
  } catch (const HttpError& error) {
    return error.kind();
  }
}

// Look-ups that hang until the test ends.
class HangingNameServer {
 public:
  HangingNameServer() = default;
  HangingNameServer(const HangingNameServer&) = delete;
  HangingNameServer& operator=(const HangingNameServer&) = delete;
  ~HangingNameServer() { release(); }

  [[nodiscard]] Resolver::LookUp look_up() const {
    return
        [released = released_, asked = asked_](const std::string&, std::uint16_t port) -> Resolver::Result {
          ++*asked;
          released.wait();
          return Addresses{tcp::endpoint(boost::asio::ip::address_v4::loopback(), port)};
        };
  }
  void release() {
    if (!std::exchange(done_, true)) release_.set_value();
  }
  [[nodiscard]] int asked() const { return *asked_; }

 private:
  bool done_ = false;
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
  std::shared_ptr<std::atomic<int>> asked_ = std::make_shared<std::atomic<int>>(0);
};

TEST(HttpResolver, TheSystemKnowsLocalhost) {
  boost::asio::io_context io{1};
  const auto found =
      test::run_task(io, Resolver::of_system().resolve("localhost", 7, steady_clock::time_point::max()));
  ASSERT_FALSE(found.empty());
  for (const auto& endpoint : found) {
    EXPECT_TRUE(endpoint.address().is_loopback());
    EXPECT_EQ(endpoint.port(), 7);
  }
}

TEST(HttpResolver, ErrorsAndEmptyAnswersAreFailuresToConnect) {
  boost::asio::io_context io{1};
  const Resolver unknown([](const std::string&, std::uint16_t) { return std::unexpected("no such name"); });
  EXPECT_EQ(failure_of(io, unknown, 5s), Failure::connect);
  const Resolver empty([](const std::string&, std::uint16_t) { return Addresses{}; });
  EXPECT_EQ(failure_of(io, empty, 5s), Failure::connect);
}

TEST(HttpResolver, ANameServerThatNeverAnswersMeetsTheDeadline) {
  HangingNameServer names;
  const Resolver resolver(names.look_up());
  const auto before = steady_clock::now();
  {
    boost::asio::io_context io{1};
    EXPECT_EQ(failure_of(io, resolver, 50ms), Failure::timeout);
  }
  EXPECT_LT(steady_clock::now() - before, 2s) << "nor does the end of the io_context wait for it";
}

TEST(HttpResolver, ManyHangingLookUpsTakeFewThreadsAndTheQueueIsForgotten) {
  HangingNameServer names;
  const Resolver resolver(names.look_up());
  boost::asio::io_context io{1};
  for (int i = 0; i < 30; ++i) EXPECT_EQ(failure_of(io, resolver, 5ms), Failure::timeout);
  EXPECT_LE(names.asked(), static_cast<int>(limits::look_up_threads));
  names.release();
  EXPECT_EQ(failure_of(io, resolver, 5s), std::nullopt) << "once names are answered again";
  EXPECT_LE(names.asked(), static_cast<int>(limits::look_up_threads) + 1)
      << "what nobody waits for is skipped";
}

TEST(HttpResolver, ACancelledCallerDoesNotWait) {
  HangingNameServer names;
  const Resolver resolver(names.look_up());
  boost::asio::io_context io{1};
  std::optional<Failure> failure;
  auto ask = [](const Resolver& from, std::optional<Failure>& result) -> ssh::Task<> {
    try {
      (void)co_await from.resolve("auth", 80, steady_clock::time_point::max());
    } catch (const HttpError& error) {
      result = error.kind();
    }
  };
  ssh::TaskScope scope(io.get_executor());
  scope.spawn(ask(resolver, failure));
  boost::asio::steady_timer soon(io, 20ms);
  soon.async_wait([&](auto) { scope.cancel(); });
  io.run();
  EXPECT_EQ(failure, Failure::cancelled);
}

TEST(HttpResolver, AnIoContextMayGoWhileSomebodyWaits) {
  HangingNameServer names;
  const Resolver resolver(names.look_up());
  {
    boost::asio::io_context io{1};
    auto ask = [](const Resolver& from) -> ssh::Task<> {
      (void)co_await from.resolve("auth", 80, steady_clock::time_point::max());
    };
    boost::asio::co_spawn(io, ask(resolver), [](const std::exception_ptr&) {});
    io.poll();
  }
  names.release();
}

}  // namespace
}  // namespace fairlead::http
