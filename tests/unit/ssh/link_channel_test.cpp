// SPDX-License-Identifier: Apache-2.0
// Opening, refusing, half-closing and dropping channels, over a plain link.
#include "unit/ssh/loop.hpp"

namespace fairlead::ssh::test {
namespace {

using LinkChannel = LinkTest;

TEST_F(LinkChannel, OpenIsConfirmedAndCarriesDataBothWays) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto hello = as_bytes("hello");
    co_await channels.a.channel.write(hello);
    std::vector<std::byte> buffer(100);
    const auto size = co_await channels.b.channel.read_some(buffer);
    EXPECT_EQ(as_text(Bytes(buffer).first(size)), "hello");
    const auto answer = as_bytes("good day");
    co_await channels.b.channel.write(answer);
    const auto back = co_await channels.a.channel.read_some(buffer);
    EXPECT_EQ(as_text(Bytes(buffer).first(back)), "good day");
  });
}

TEST_F(LinkChannel, NewChannelTellsTypeAndExtraData) {
  run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    auto open = [&]() -> Task<> {
      const auto extra = as_bytes("where to");
      std::vector<std::byte> copy(extra.begin(), extra.end());
      (void)co_await pair.a.connection.open_channel("direct-tcpip", std::move(copy));
    };
    scope.spawn(open());
    auto channel = co_await pair.b.channels.next();
    EXPECT_TRUE(channel.has_value());
    EXPECT_EQ(channel->type(), "direct-tcpip");
    EXPECT_EQ(as_text(channel->extra_data()), "where to");
  });
}

TEST_F(LinkChannel, RefusalCarriesReasonAndText) {
  auto refuse = [&]() -> Task<> {
    auto channel = co_await pair.b.channels.next();
    std::move(*channel).reject(OpenFailure::unknown_channel_type, "only sessions");
  };
  run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(refuse());
    auto opened = co_await pair.a.connection.open_channel("tun@openssh.com");
    EXPECT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().reason, OpenFailure::unknown_channel_type);
    EXPECT_EQ(opened.error().text, "only sessions");
    co_await scope.join();
    // The connection goes on.
    auto channels = co_await open_pair(pair.a, pair.b);
    EXPECT_EQ(channels.a.channel.id(), 0u);
  });
}

TEST_F(LinkChannel, UndecidedChannelIsRefusedOnDestruction) {
  auto drop = [&]() -> Task<> { auto channel = co_await pair.b.channels.next(); };
  run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(drop());
    auto opened = co_await pair.a.connection.open_channel("session");
    EXPECT_FALSE(opened.has_value());
    EXPECT_EQ(opened.error().reason, OpenFailure::connect_failed);
    EXPECT_EQ(opened.error().text, "not accepted");
  });
}

TEST_F(LinkChannel, DroppedStreamRefusesWhatComesAndWhatWaits) {
  run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    int refused = 0;
    auto open = [&]() -> Task<> {
      const auto opened = co_await pair.a.connection.open_channel("session");
      if (!opened) ++refused;
    };
    scope.spawn(open());
    co_await settle();
    EXPECT_EQ(refused, 0);  // waits in the queue
    {
      auto dropped = std::move(pair.b.channels);
    }
    scope.spawn(open());
    co_await scope.join();
    EXPECT_EQ(refused, 2);
  });
}

TEST_F(LinkChannel, MoreThanTheLimitOfUndecidedChannelsAreRefusedAtOnce) {
  run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    std::size_t refused = 0;
    auto open = [&]() -> Task<> {
      const auto opened = co_await pair.a.connection.open_channel("session");
      if (!opened && opened.error().reason == OpenFailure::resource_shortage) ++refused;
    };
    for (std::size_t i = 0; i < limits::undecided_channels + 5; ++i) scope.spawn(open());
    co_await settle();
    EXPECT_EQ(refused, 5u);
  });
}

TEST_F(LinkChannel, EofClosesOneDirectionOnly) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto question = as_bytes("question");
    co_await channels.a.channel.write(question);
    channels.a.channel.close_write();
    channels.a.channel.close_write();
    EXPECT_EQ(co_await read_text(channels.b.channel), "question");
    const auto answer = as_bytes("answer after the end of input");
    co_await channels.b.channel.write(answer);
    channels.b.channel.close_write();
    EXPECT_EQ(co_await read_text(channels.a.channel), "answer after the end of input");
  });
}

TEST_F(LinkChannel, WritingAfterOwnEofThrows) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    channels.a.channel.close_write();
    bool thrown = false;
    try {
      const auto more = as_bytes("more");
      co_await channels.a.channel.write(more);
    } catch (const ConnectionError& error) {
      thrown = error.error().code == Errc::connection_closed;
    }
    EXPECT_TRUE(thrown);
  });
}

TEST_F(LinkChannel, DataIsReadableAfterThePeerHasClosed) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto data = pattern(200'000);
    co_await channels.a.channel.write(data);
    channels.a.channel.close_write();
    channels.a.channel.send_exit_status(7);
    channels.a.channel.close();
    co_await channels.b.channel.closed();
    auto request = co_await channels.b.requests.next();
    EXPECT_TRUE(request.has_value());
    EXPECT_EQ(request->type(), RequestType::exit_status);
    EXPECT_EQ(request->parse<ExitStatusRequest>()->status, 7u);
    request.reset();
    EXPECT_FALSE((co_await channels.b.requests.next()).has_value());
    EXPECT_EQ(co_await read_all(channels.b.channel), data);
  });
}

TEST_F(LinkChannel, StandardAndExtendedDataKeepTheirOrder) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto one = as_bytes("one"), two = as_bytes("two"), three = as_bytes("three");
    co_await channels.a.channel.write(one);
    co_await channels.a.channel.write_stderr(two);
    co_await channels.a.channel.write(three);
    channels.a.channel.close_write();
    std::string seen;
    std::vector<std::byte> buffer(100);
    for (;;) {
      const Chunk chunk = co_await channels.b.channel.read_chunk(buffer);
      if (chunk.size == 0) break;
      seen += chunk.type == StreamType::stderr_ ? "E:" : "S:";
      seen += as_text(Bytes(buffer).first(chunk.size));
      seen += ' ';
    }
    EXPECT_EQ(seen, "S:one E:two S:three ");
  });
}

TEST_F(LinkChannel, ReadSomeDropsExtendedDataAndGivesItsCreditBack) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    auto send = [&]() -> Task<> {
      const auto noise = pattern(3 * limits::initial_window);
      co_await channels.a.channel.write_stderr(noise);
      const auto word = as_bytes("word");
      co_await channels.a.channel.write(word);
      channels.a.channel.close_write();
    };
    scope.spawn(send());
    EXPECT_EQ(co_await read_text(channels.b.channel), "word");
  });
}

TEST_F(LinkChannel, DroppingTheLastHandleCloses) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    {
      auto dropped = std::move(channels.a);
    }
    co_await channels.b.channel.closed();
    std::vector<std::byte> buffer(10);
    EXPECT_EQ(co_await channels.b.channel.read_some(buffer), 0u);
    EXPECT_FALSE((co_await channels.b.requests.next()).has_value());
  });
}

TEST_F(LinkChannel, AnOpenWhoseCallerIsGoneIsClosedWhenConfirmed) {
  run([&]() -> Task<> {
    auto open = [&]() -> Task<> { (void)co_await pair.a.connection.open_channel("session"); };
    {
      TaskScope scope(co_await asio::this_coro::executor);
      scope.spawn(open());
      co_await settle();
      scope.cancel();
      co_await scope.join();
    }
    auto accepted = co_await accept_next(pair.b);
    co_await accepted.channel.closed();
    auto channels = co_await open_pair(pair.a, pair.b);
    EXPECT_TRUE(pair.a.connection.is_open());
  });
}

TEST_F(LinkChannel, NumbersAreUsedAgain) {
  run([&]() -> Task<> {
    for (int round = 0; round < 300; ++round) {
      auto channels = co_await open_pair(pair.a, pair.b);
      EXPECT_EQ(channels.a.channel.id(), 0u);
      channels.a.channel.close();
      co_await channels.b.channel.closed();
      channels.b.channel.close();
      co_await channels.a.channel.closed();
    }
  });
}

TEST_F(LinkChannel, HandlesDroppedInEveryStateLeaveAWorkingConnection) {
  run([&]() -> Task<> {
    for (int state = 0; state < 8; ++state) {
      auto channels = co_await open_pair(pair.a, pair.b);
      const auto data = pattern(40'000);
      if (state & 1) co_await channels.a.channel.write(data);
      if (state & 2) channels.a.channel.close_write();
      if (state & 4) channels.b.channel.close();
      {
        auto dropped = std::move(channels.b);
      }
      co_await channels.a.channel.closed();
    }
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto word = as_bytes("still here");
    co_await channels.a.channel.write(word);
    channels.a.channel.close_write();
    EXPECT_EQ(co_await read_text(channels.b.channel), "still here");
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
