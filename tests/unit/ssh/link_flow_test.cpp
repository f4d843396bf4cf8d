// SPDX-License-Identifier: Apache-2.0
// Backpressure and fairness over a plain link: what a slow reader, many channels and a peer that does not
// read cost.
#include "protocol/engine.hpp"
#include "unit/ssh/loop.hpp"

#include <algorithm>

namespace fairlead::ssh::test {
namespace {

using LinkFlow = LinkTest;

TEST_F(LinkFlow, BigDataArrivesWhole) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto data = pattern(std::size_t{20} * 1024 * 1024);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(send_all(channels.a.channel, data));
    EXPECT_TRUE(co_await read_all(channels.b.channel) == data);
  });
}

TEST_F(LinkFlow, ASlowReaderStopsTheWriter) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    const auto piece = pattern(10'000);
    std::size_t written = 0;
    auto send = [&]() -> Task<> {
      for (;;) {
        co_await channels.a.channel.write(piece);
        written += piece.size();
      }
    };
    scope.spawn(send());
    co_await settle();
    // Nobody reads: what is under way is at most the window.
    EXPECT_LE(written, limits::initial_window);
    EXPECT_GT(written, limits::initial_window - piece.size() - 1);
    const auto before = written;
    std::vector<std::byte> buffer(1000);
    EXPECT_EQ(co_await channels.b.channel.read_some(buffer), 1000u);
    co_await settle();
    EXPECT_EQ(written, before);  // credit comes in useful pieces only
    buffer.resize(limits::initial_window / 2);
    std::size_t read = 0;
    while (read < buffer.size()) read += co_await channels.b.channel.read_some(buffer);
    co_await settle();
    EXPECT_GT(written, before);
    EXPECT_LE(written, before + limits::initial_window);
  });
}

// A link peer driven by hand: an engine whose socket is read only when the test says so.
class ManualPeer {
 public:
  explicit ManualPeer(StreamSocket socket)
      : socket_(std::move(socket)), engine_(Engine::make_link(config())) {
    socket_.non_blocking(true);
  }

  Engine& engine() { return engine_; }
  // Sends what the socket takes; false when it takes no more.
  bool send() {
    auto& output = engine_.output();
    boost::system::error_code error;
    while (!output.empty() && !error) {
      const Bytes bytes = output.readable();
      output.consume(socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error));
    }
    return output.empty();
  }
  // What has arrived, undecoded.
  std::size_t receive_and_drop() {
    std::vector<std::byte> buffer(1 << 20);
    boost::system::error_code error;
    return socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
  }

 private:
  static std::shared_ptr<const EngineConfig> config() {
    auto config = std::make_shared<EngineConfig>();
    config->role = Role::link;
    return config;
  }
  StreamSocket socket_;
  Engine engine_;
};

TEST_F(LinkSocket, APeerThatDoesNotReadItsRepliesIsNotReadEither) {
  auto served = link(std::move(sockets.first));
  ManualPeer peer(std::move(sockets.second));
  auto serve = [&]() -> Task<> {
    while (auto request = co_await served.requests.next()) request->reply(false, {});
  };
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(serve());
    // 100 MiB of requests, if they let us.
    std::size_t rounds = 0;
    for (int stuck = 0; rounds < 100'000 && stuck < 3; ++rounds) {
      if (peer.engine().output().size() < 4096)
        for (int i = 0; i < 20; ++i) peer.engine().send_global_request("keepalive@openssh.com", true, {});
      const bool sent = peer.send();
      stuck = sent ? 0 : stuck + 1;
      co_await settle();
    }
    EXPECT_LT(rounds, 100'000u);
    EXPECT_TRUE(served.connection.is_open());
    EXPECT_LT(served.connection.bytes_received(), 4u * 1024 * 1024);
    // When it reads, everything goes on.
    const auto before = served.connection.bytes_received();
    for (int i = 0; i < 50; ++i) {
      (void)peer.receive_and_drop();
      (void)peer.send();
      co_await settle();
    }
    EXPECT_GT(served.connection.bytes_received(), before);
  });
}

TEST_F(LinkSocket, RequestsToAPeerThatDoesNotReadEndTheConnection) {
  auto served = link(std::move(sockets.first));
  loop.run([&]() -> Task<> {
    const auto payload = pattern(10'000);
    std::size_t sent = 0;
    while (served.connection.is_open() && sent < (std::size_t{1} << 30)) {
      served.connection.notify("noise@fairlead", payload);
      sent += payload.size();
    }
    EXPECT_LT(sent, 2 * limits::output_ceiling);
    EXPECT_EQ((co_await served.connection.closed()).code, Errc::output_overflow);
  });
}

TEST_F(LinkFlow, AHundredChannelsGetTheirShare) {
  run([&]() -> Task<> {
    constexpr std::size_t count = limits::channels;
    std::vector<ChannelPair> channels;
    for (std::size_t i = 0; i < count; ++i) channels.push_back(co_await open_pair(pair.a, pair.b));
    TaskScope scope(co_await asio::this_coro::executor);
    std::vector<std::size_t> received(count, 0);
    std::size_t total = 0;
    const auto piece = pattern(std::size_t{100} * 1024);
    auto send = [&](Channel channel) -> Task<> {
      for (;;) co_await channel.write(piece);
    };
    Event enough(co_await asio::this_coro::executor);
    auto receive = [&](Channel channel, std::size_t index) -> Task<> {
      std::vector<std::byte> buffer(std::size_t{64} * 1024);
      while (const auto size = co_await channel.read_some(buffer)) {
        received[index] += size;
        total += size;
        if (total > std::size_t{64} * 1024 * 1024) enough.notify();
      }
    };
    for (std::size_t i = 0; i < count; ++i) {
      scope.spawn(send(channels[i].a.channel));
      scope.spawn(receive(channels[i].b.channel, i));
    }
    co_await enough.wait();
    const auto [least, most] = std::minmax_element(received.begin(), received.end());
    EXPECT_GT(*least, *most / 2);
  });
}

TEST_F(LinkFlow, ABlockedChannelDoesNotHoldUpTheOthers) {
  run([&]() -> Task<> {
    auto blocked = co_await open_pair(pair.a, pair.b);
    auto free = co_await open_pair(pair.a, pair.b);
    TaskScope scope(co_await asio::this_coro::executor);
    auto flood = [&]() -> Task<> {
      const auto data = pattern(8 * limits::initial_window);
      co_await blocked.a.channel.write(data);
    };
    scope.spawn(flood());
    co_await settle();
    const auto data = pattern(3 * limits::initial_window, 7);
    scope.spawn(send_all(free.a.channel, data));
    EXPECT_TRUE(co_await read_all(free.b.channel) == data);
  });
}

TEST_F(LinkFlow, ViewsRelayWithoutLoss) {
  LinkPair second(loop.io);
  auto relay = [](Channel from, Channel to) -> Task<> {
    for (;;) {
      const View view = co_await from.view();
      if (view.data.empty()) break;
      co_await to.write(view.data);
      from.consume(view.data.size());
    }
    to.close_write();
  };
  loop.run([&]() -> Task<> {
    auto in = co_await open_pair(pair.a, pair.b);
    auto out = co_await open_pair(second.a, second.b);
    const auto data = pattern(std::size_t{20} * 1024 * 1024);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(relay(in.b.channel, out.a.channel));
    scope.spawn(send_all(in.a.channel, data));
    EXPECT_TRUE(co_await read_all(out.b.channel) == data);
  });
}

TEST_F(LinkFlow, AViewOutlivesItsChannelsEnd) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto word = as_bytes("word");
    co_await channels.a.channel.write(word);
    const View view = co_await channels.b.channel.view();
    channels.b.channel.close();
    pair.b.connection.close({Errc::connection_closed});
    co_await settle();
    EXPECT_EQ(as_text(view.data), "word");
    channels.b.channel.consume(4);
    const View after = co_await channels.b.channel.view();
    EXPECT_TRUE(after.data.empty());
  });
}

TEST_F(LinkFlow, PacketsAreFilledInPlaceAndAreFull) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const auto data = pattern(std::size_t{10} * 1024 * 1024);
    std::size_t taken = 0, slots = 0;
    const Channel::Fill fill = [&](MutableBytes slot) {
      const std::size_t size = std::min(slot.size(), data.size() - taken);
      std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(taken), size, slot.begin());
      taken += size;
      ++slots;
      return size;
    };
    auto send = [&]() -> Task<> {
      std::size_t sent = 0;
      while (sent < data.size())
        sent += co_await channels.a.channel.write_in_place(StreamType::stderr_, fill);
      EXPECT_EQ(sent, taken);
      channels.a.channel.close_write();
    };
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(send());
    std::vector<std::byte> received;
    for (;;) {
      const View view = co_await channels.b.channel.view();
      if (view.data.empty()) break;
      EXPECT_EQ(view.type, StreamType::stderr_);
      received.insert(received.end(), view.data.begin(), view.data.end());
      channels.b.channel.consume(view.data.size());
    }
    EXPECT_TRUE(received == data);
    EXPECT_LE(slots, data.size() / limits::channel_packet + 25) << "but for the ends of windows";
  });
}

TEST_F(LinkFlow, ASlotThatIsNotFilledEndsTheTurn) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    int calls = 0;
    const Channel::Fill nothing = [&](MutableBytes) {
      ++calls;
      return std::size_t{0};
    };
    EXPECT_EQ(co_await channels.a.channel.write_in_place(StreamType::standard, nothing), 0u);
    EXPECT_EQ(calls, 1);
    const Channel::Fill word = [&](MutableBytes slot) {
      slot[0] = slot[1] = std::byte{'x'};
      return std::size_t{2};
    };
    EXPECT_EQ(co_await channels.a.channel.write_in_place(StreamType::standard, word), 2u);
    channels.a.channel.close_write();
    EXPECT_EQ(co_await read_text(channels.b.channel), "xx");
  });
}

TEST_F(LinkFlow, FillingWaitsForTheWindowAndEndsWithTheChannel) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    const Channel::Fill all = [](MutableBytes slot) {
      std::ranges::fill(slot, std::byte{'x'});
      return slot.size();
    };
    std::size_t sent = 0;
    bool ended = false;
    auto send = [&]() -> Task<> {
      try {
        for (;;) sent += co_await channels.a.channel.write_in_place(StreamType::standard, all);
      } catch (const ConnectionError&) {
        ended = true;
      }
    };
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(send());
    co_await settle();
    EXPECT_EQ(sent, limits::initial_window);
    EXPECT_FALSE(ended);
    channels.a.channel.close();
    co_await scope.join();
    EXPECT_TRUE(ended);
  });
}

TEST_F(LinkFlow, TwoWritersOfOneChannelBothGetThrough) {
  run([&]() -> Task<> {
    auto channels = co_await open_pair(pair.a, pair.b);
    TaskScope writers(co_await asio::this_coro::executor);
    const auto data = pattern(2 * limits::initial_window);
    auto standard = [&]() -> Task<> { co_await channels.a.channel.write(data); };
    auto extended = [&]() -> Task<> { co_await channels.a.channel.write_stderr(data); };
    auto finish = [&]() -> Task<> {
      co_await writers.join();
      channels.a.channel.close_write();
    };
    writers.spawn(standard());
    writers.spawn(extended());
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(finish());
    std::vector<std::byte> out, err, buffer(std::size_t{32} * 1024);
    for (;;) {
      const Chunk chunk = co_await channels.b.channel.read_chunk(buffer);
      if (chunk.size == 0) break;
      auto& to = chunk.type == StreamType::standard ? out : err;
      to.insert(to.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(chunk.size));
    }
    EXPECT_TRUE(out == data);
    EXPECT_TRUE(err == data);
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
