// SPDX-License-Identifier: Apache-2.0
// The end of a connection under every kind of waiter: closed here, closed there, cancelled, or its io_context
// destroyed.
#include "unit/ssh/loop.hpp"

#include <string>

namespace fairlead::ssh::test {
namespace {

using LinkEnd = LinkTest;

// One coroutine for each way to wait on a connection; counts those that came back.
class Waiters {
 public:
  Waiters(AcceptedConnection& connection, OpenedChannel& channel)
      : connection_(connection), channel_(channel) {}

  // Until all of them wait.
  Task<> start(TaskScope& scope) {
    scope.spawn(read());
    scope.spawn(write_in_vain(channel_.channel.write(data_)));
    scope.spawn(write_in_vain(channel_.channel.write_stderr(data_)));
    scope.spawn(request());
    scope.spawn(channel_closed());
    scope.spawn(next_channel_request());
    scope.spawn(open());
    scope.spawn(global_request());
    scope.spawn(closed());
    scope.spawn(next_channel());
    scope.spawn(next_global_request());
    co_await settle();
    EXPECT_EQ(back, 0);
  }
  static constexpr int count = 11;
  int back = 0;
  int thrown = 0;

 private:
  Task<> read() {
    std::vector<std::byte> buffer(100);
    EXPECT_EQ(co_await channel_.channel.read_some(buffer), 0u);
    ++back;
  }
  Task<> write_in_vain(Task<> writing) {
    try {
      co_await std::move(writing);
    } catch (const ConnectionError&) {
      ++thrown;
      ++back;
    }
  }
  Task<> request() {
    EXPECT_FALSE(co_await channel_.channel.request("anything"));
    ++back;
  }
  Task<> channel_closed() {
    co_await channel_.channel.closed();
    ++back;
  }
  Task<> next_channel_request() {
    EXPECT_FALSE((co_await channel_.requests.next()).has_value());
    ++back;
  }
  Task<> open() {
    try {
      (void)co_await connection_.connection.open_channel("session");
    } catch (const ConnectionError&) {
      ++thrown;
      ++back;
    }
  }
  Task<> global_request() {
    EXPECT_FALSE((co_await connection_.connection.request("anything")).success);
    ++back;
  }
  Task<> closed() {
    (void)co_await connection_.connection.closed();
    ++back;
  }
  Task<> next_channel() {
    EXPECT_FALSE((co_await connection_.channels.next()).has_value());
    ++back;
  }
  Task<> next_global_request() {
    EXPECT_FALSE((co_await connection_.requests.next()).has_value());
    ++back;
  }

  AcceptedConnection& connection_;
  OpenedChannel& channel_;
  const std::vector<std::byte> data_ = pattern(4 * limits::initial_window);  // more than the window
};

TEST_F(LinkEnd, CloseWakesEveryKindOfWaiter) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    Waiters waiters(pair.a, channels.a);
    TaskScope scope(co_await asio::this_coro::executor);
    co_await waiters.start(scope);
    pair.a.connection.close({Errc::timeout, "first"});
    pair.a.connection.close({Errc::io_failed, "second"});
    co_await scope.join();
    EXPECT_EQ(waiters.back, Waiters::count);
    EXPECT_EQ(waiters.thrown, 3);
    const Error why = co_await pair.a.connection.closed();
    EXPECT_EQ(why.code, Errc::timeout);
    EXPECT_STREQ(why.detail, "first");
    EXPECT_EQ((co_await pair.b.connection.closed()).code, Errc::end_of_stream);
  });
}

TEST_F(LinkSocket, APeerThatDiesWakesEveryKindOfWaiter) {
  auto a = link(std::move(sockets.first));
  auto b = std::make_optional(link(std::move(sockets.second)));
  loop.run([&]() -> Task<> {
    auto channels = std::make_optional(co_await open_pair(a, *b));
    Waiters waiters(a, channels->a);
    TaskScope scope(co_await asio::this_coro::executor);
    co_await waiters.start(scope);
    b->connection.close({Errc::connection_closed});
    co_await scope.join();
    EXPECT_EQ(waiters.back, Waiters::count);
    EXPECT_EQ((co_await a.connection.closed()).code, Errc::end_of_stream);
  });
}

TEST_F(LinkSocket, APeerKilledMidTransferIsAnEndAndNotAHang) {
  auto a = link(std::move(sockets.first));
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    auto b = link(std::move(sockets.second));
    auto channels = co_await open_pair(a, b);
    bool failed = false;
    auto send = [&]() -> Task<> {
      const auto piece = pattern(50'000);
      try {
        for (;;) co_await channels.a.channel.write(piece);
      } catch (const ConnectionError&) {
        failed = true;
      }
    };
    scope.spawn(send());
    std::vector<std::byte> buffer(50'000);
    for (int i = 0; i < 100; ++i) (void)co_await channels.b.channel.read_some(buffer);
    b.connection.close({Errc::io_failed});  // at once, without a word
    co_await scope.join();
    EXPECT_TRUE(failed);
  });
}

TEST_F(LinkEnd, CancelledWaitersLeaveAWorkingConnection) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    Waiters waiters(pair.a, channels.a);
    {
      TaskScope scope(co_await asio::this_coro::executor);
      co_await waiters.start(scope);
      scope.cancel();
      co_await scope.join();
    }
    EXPECT_EQ(waiters.back, 0);
    EXPECT_TRUE(pair.a.connection.is_open());
    {
      auto undecided = co_await pair.b.channels.next();
    }
    auto others = co_await open_pair(pair.a, pair.b);
    const auto data = pattern(3 * limits::initial_window);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(send_all(others.a.channel, data));
    EXPECT_TRUE(co_await read_all(others.b.channel) == data);
  });
}

TEST_F(LinkSocket, ADestroyedContextTakesEverythingWithIt) {
  // LeakSanitizer and AddressSanitizer judge.
  auto pair = std::make_unique<LinkPair>(std::move(sockets));
  auto channels = std::make_shared<std::optional<ChannelPair>>();
  auto waiters = std::make_shared<std::optional<Waiters>>();
  auto scope = std::make_shared<TaskScope>(loop.io.get_executor());
  loop.run([&]() -> Task<> {
    channels->emplace(co_await open_pair(pair->a, pair->b));
    waiters->emplace(pair->a, (*channels)->a);
    co_await (*waiters)->start(*scope);
  });
}

TEST_F(LinkSocket, FramesThatOwnTheirHandlesDieWithTheContext) {
  // Owns both connections and waits for something that never comes.
  auto serve = [](StreamSocket first, StreamSocket second) -> Task<> {
    auto a = link(std::move(first));
    auto b = link(std::move(second));
    auto channels = co_await open_pair(a, b);
    (void)co_await channels.a.channel.request("never");
  };
  TaskScope scope(loop.io.get_executor());
  scope.spawn(serve(std::move(sockets.first), std::move(sockets.second)));
  auto test = []() -> Task<> { co_await settle(); };
  loop.run(test());
}

TEST_F(LinkEnd, OperationsAfterTheEndReportIt) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    auto open = [&]() -> Task<> {
      try {
        (void)co_await pair.b.connection.open_channel("session");
      } catch (const ConnectionError&) {
      }
    };
    scope.spawn(open());
    auto undecided = co_await pair.a.channels.next();
    pair.a.connection.disconnect(DisconnectReason::by_application, "enough");
    EXPECT_FALSE(pair.a.connection.is_open());
    std::vector<std::byte> buffer(10);
    EXPECT_EQ(co_await channels.a.channel.read_some(buffer), 0u);
    EXPECT_FALSE(co_await channels.a.channel.request("anything"));
    EXPECT_FALSE((co_await pair.a.connection.request("anything")).success);
    channels.a.channel.notify("anything", {});
    channels.a.channel.close_write();
    channels.a.channel.close();
    pair.a.connection.notify("anything", {});
    auto late = std::move(*undecided).accept();
    EXPECT_EQ(co_await late.channel.read_some(buffer), 0u);
    EXPECT_FALSE((co_await late.requests.next()).has_value());
    int thrown = 0;
    try {
      (void)co_await pair.a.connection.open_channel("session");
    } catch (const ConnectionError&) {
      ++thrown;
    }
    try {
      const auto word = as_bytes("word");
      co_await channels.a.channel.write(word);
    } catch (const ConnectionError&) {
      ++thrown;
    }
    EXPECT_EQ(thrown, 2);
    co_await scope.join();
  });
}

TEST_F(LinkEnd, WhatWasWrittenBeforeDisconnectStillArrives) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto data = pattern(200'000);
    co_await channels.a.channel.write(data);
    pair.a.connection.disconnect(DisconnectReason::by_application, "done");
    EXPECT_TRUE(co_await read_all(channels.b.channel) == data);
  });
}

TEST_F(LinkSocket, NonsenseFromThePeerEndsTheConnection) {
  auto a = link(std::move(sockets.first));
  loop.run([&]() -> Task<> {
    const std::string nonsense(1000, '\xff');
    co_await asio::async_write(sockets.second, asio::buffer(nonsense), asio::use_awaitable);
    const Error why = co_await a.connection.closed();
    EXPECT_EQ(why.code, Errc::packet_too_big) << to_string(why);
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
