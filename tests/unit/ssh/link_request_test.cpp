// SPDX-License-Identifier: Apache-2.0
// Channel requests and global requests: answers, their order, and what happens to the unanswered.
#include "unit/ssh/loop.hpp"

namespace fairlead::ssh::test {
namespace {

using LinkRequest = LinkTest;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

TEST_F(LinkRequest, RequestsAreAnsweredBothWays) {
  auto serve = [](Stream<Request> requests) -> Task<> {
    while (auto request = co_await requests.next()) request->reply(request->name() == "yes");
  };
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(serve(std::move(channels.a.requests)));
    scope.spawn(serve(std::move(channels.b.requests)));
    EXPECT_TRUE(co_await channels.a.channel.request("yes"));
    EXPECT_FALSE(co_await channels.a.channel.request("no"));
    EXPECT_TRUE(co_await channels.b.channel.request("yes"));
    EXPECT_FALSE(co_await channels.b.channel.request("no"));
    channels.a.channel.close();
    co_await scope.join();
  });
}

TEST_F(LinkRequest, TypedBodiesArrive) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const ExecRequest body{"uname -a"};
    channels.a.channel.notify("exec", body.encode());
    auto request = co_await channels.b.requests.next();
    EXPECT_EQ(request->type(), RequestType::exec);
    EXPECT_FALSE(request->want_reply());
    EXPECT_EQ(request->parse<ExecRequest>()->command, "uname -a");
    request->reply(true);  // nobody asked: nothing is sent
    channels.a.channel.send_exit_signal("TERM", false, "stopped");
    auto signal = co_await channels.b.requests.next();
    EXPECT_EQ(signal->parse<ExitSignalRequest>()->name, "TERM");
  });
}

TEST_F(LinkRequest, AnswersKeepTheOrderOfTheRequests) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    std::vector<std::pair<int, bool>> answers;
    auto ask = [&](int number) -> Task<> {
      const bool success = co_await channels.a.channel.request("number");
      answers.emplace_back(number, success);
    };
    for (int number = 0; number < 3; ++number) scope.spawn(ask(number));
    std::vector<Request> held;
    for (int number = 0; number < 3; ++number) {
      auto request = co_await channels.b.requests.next();
      held.push_back(std::move(*request));
    }
    held[2].reply(true);
    held[1].reply(false);
    co_await settle();
    EXPECT_TRUE(answers.empty());
    held[0].reply(true);
    held[0].reply(false);  // the first answer counts
    co_await scope.join();
    const std::vector<std::pair<int, bool>> expected{{0, true}, {1, false}, {2, true}};
    EXPECT_EQ(answers, expected);
  });
}

TEST_F(LinkRequest, UnansweredRequestIsRefusedOnDestruction) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    auto drop = [&]() -> Task<> { auto request = co_await channels.b.requests.next(); };
    scope.spawn(drop());
    EXPECT_FALSE(co_await channels.a.channel.request("anything"));
  });
}

TEST_F(LinkRequest, DroppedStreamRefusesWhatComesAndWhatWaits) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    int refused = 0;
    auto ask = [&]() -> Task<> {
      if (!co_await channels.a.channel.request("anything")) ++refused;
    };
    scope.spawn(ask());
    co_await settle();
    EXPECT_EQ(refused, 0);
    {
      auto dropped = std::move(channels.b.requests);
    }
    scope.spawn(ask());
    co_await scope.join();
    EXPECT_EQ(refused, 2);
  });
}

TEST_F(LinkRequest, MoreThanTheLimitOfUnansweredRequestsAreRefusedAtOnce) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    std::size_t answered = 0;
    auto ask = [&]() -> Task<> {
      (void)co_await channels.a.channel.request("anything");
      ++answered;
    };
    for (std::size_t i = 0; i < limits::unanswered_requests + 8; ++i) scope.spawn(ask());
    co_await settle();
    EXPECT_EQ(answered, 0u);  // refused, but in the order of the requests
    for (std::size_t i = 0; i < limits::unanswered_requests; ++i) {
      auto request = co_await channels.b.requests.next();
      request->reply(true);
    }
    co_await scope.join();
    EXPECT_EQ(answered, limits::unanswered_requests + 8);
  });
}

TEST_F(LinkRequest, RequestsThatWaitForNobodyAreDroppedBeyondTheLimit) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    for (int i = 0; i < 10'000; ++i) channels.a.channel.notify("window-change", {});
    co_await settle();
    channels.a.channel.close();
    std::size_t seen = 0;
    while (auto request = co_await channels.b.requests.next()) ++seen;
    EXPECT_EQ(seen, limits::unanswered_requests);
  });
}

TEST_F(LinkRequest, GlobalRequestsCarryPayloadBothWays) {
  run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    auto serve = [&]() -> Task<> {
      auto request = co_await pair.b.requests.next();
      EXPECT_EQ(request->name(), "tcpip-forward");
      EXPECT_EQ(as_text(request->payload()), "where");
      request->reply(true, as_bytes("port"));
      auto second = co_await pair.b.requests.next();
    };
    scope.spawn(serve());
    const auto granted = co_await pair.a.connection.request("tcpip-forward", bytes_of("where"));
    EXPECT_TRUE(granted.success);
    EXPECT_EQ(as_text(granted.payload), "port");
    const auto refused = co_await pair.a.connection.request("whatever");
    EXPECT_FALSE(refused.success);
    co_await scope.join();
  });
}

TEST_F(LinkRequest, AnAnswerAfterTheChannelsEndGoesNowhere) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    auto ask = [&]() -> Task<> { EXPECT_FALSE(co_await channels.a.channel.request("slow")); };
    scope.spawn(ask());
    auto request = co_await channels.b.requests.next();
    channels.a.channel.close();
    co_await scope.join();
    co_await channels.b.channel.closed();
    co_await channels.a.channel.closed();
    // The number is in use again when the late answer comes.
    auto others = co_await open_pair(pair.a, pair.b);
    EXPECT_EQ(others.a.channel.id(), 0u);
    request->reply(true);
    request.reset();
    co_await settle();
    EXPECT_TRUE(pair.a.connection.is_open());
    EXPECT_TRUE(pair.b.connection.is_open());
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
