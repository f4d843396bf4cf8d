// SPDX-License-Identifier: Apache-2.0
// Two link engines do random things; a model beside them knows what each may send and what must arrive, byte
// for byte.
#include "base/wire.hpp"
#include "protocol/message_numbers.hpp"
#include "unit/protocol/engine_log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <map>
#include <random>
#include <set>

namespace fairlead::ssh::test {
namespace {

constexpr std::uint32_t window = 700;
constexpr std::uint32_t max_packet = 90;
constexpr std::size_t channel_limit = 6;

// One direction of a channel.
struct Flow {
  std::uint64_t credit = window;  // what the sender may still send, as far as it can know
  std::uint64_t sent = 0, received = 0, consumed = 0, granted = window;
  std::deque<std::uint32_t> adjustments;  // on their way to the sender
  bool eof_sent = false, close_sent = false, eof_told = false, close_told = false;
};

struct Pair {
  std::array<Flow, 2> flows;  // [0] what side 0 sends
  std::array<std::optional<ChannelId>, 2> ids;
  std::array<bool, 2> usable{};             // confirmed, from that side's point of view
  std::array<std::deque<bool>, 2> answers;  // that side's wanted replies, in order
  std::array<std::deque<std::pair<std::uint32_t, int>>, 2>
      tickets;  // requests told to that side, not answered
  std::array<int, 2> next_request{};
};

std::byte pattern(int channel, std::size_t side, std::uint64_t offset) {
  return static_cast<std::byte>((static_cast<std::uint64_t>(channel) * 31 + side * 17 + offset * 7) >>
                                (offset % 3));
}
// Request number n of a channel is answered like this, whenever the answer is given.
bool verdict_of(int n) {
  return n % 3 != 0;
}

class Model {
 public:
  explicit Model(unsigned seed)
      : random_(seed),
        sides_{Side{Engine::make_link(link_config(window, max_packet, channel_limit))},
               Side{Engine::make_link(link_config(window, max_packet, channel_limit))}} {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFatalFailure(); ++i) {
      step();
      check_writable();
    }
    finish();
  }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t replies() const { return replies_; }

 private:
  struct Side {
    explicit Side(Engine made) : engine(std::move(made)) {}
    Engine engine;
    ByteBuffer wire;   // on its way to this side, not delivered
    ByteBuffer inbox;  // delivered, not yet a whole packet
    std::map<ChannelId, int> channels;
  };

  std::size_t pick(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random_);
  }

  void step() {
    const std::size_t s = pick(2);
    switch (pick(12)) {
      case 0:
        return open(s);
      case 1:
        if (pick(12) == 0) with_channel(s, [&](int c) { eof(s, c); });
        return;
      case 2:
        if (pick(20) == 0) with_channel(s, [&](int c) { close(s, c); });
        return;
      case 3:
        return with_channel(s, [&](int c) { request(s, c); });
      case 4:
        return with_channel(s, [&](int c) { answer(s, c); });
      case 5:
      case 6:
        return with_channel(s, [&](int c) { consume(s, c); });
      case 7:
      case 8:
        return with_channel(s, [&](int c) { send(s, c, 1 + pick(300)); });
      default:
        return deliver(s, 1 + pick(600));
    }
  }

  void open(std::size_t s) {
    const int c = next_channel_;
    const std::string name = std::to_string(c);
    const auto id = sides_[s].engine.open_channel("test", as_bytes(name));
    if (!id) {
      EXPECT_EQ(sides_[s].channels.size(), channel_limit);
      return;
    }
    EXPECT_FALSE(sides_[s].channels.contains(*id));
    ++next_channel_;
    pairs_[c].ids[s] = *id;
    sides_[s].channels[*id] = c;
  }

  template <class Action>
  void with_channel(std::size_t s, Action action) {
    auto& channels = sides_[s].channels;
    if (channels.empty()) return;
    const auto chosen = std::next(channels.begin(), static_cast<long>(pick(channels.size())));
    if (pairs_[chosen->second].usable[s]) action(chosen->second);
  }

  bool may_send(std::size_t s, const Pair& p) const {
    return p.usable[s] && !p.flows[s].close_sent && !p.flows[1 - s].close_told;
  }

  void send(std::size_t s, int c, std::size_t wanted) {
    Pair& p = pairs_[c];
    Flow& flow = p.flows[s];
    std::vector<std::byte> data(wanted);
    for (std::size_t i = 0; i < wanted; ++i) data[i] = pattern(c, s, flow.sent + i);
    const std::size_t expected =
        may_send(s, p) && !flow.eof_sent ? std::min<std::size_t>({flow.credit, max_packet, wanted}) : 0;
    EXPECT_EQ(sides_[s].engine.send_data(*p.ids[s], DataType::standard, data), expected);
    flow.sent += expected;
    flow.credit -= expected;
  }

  void eof(std::size_t s, int c) {
    Pair& p = pairs_[c];
    sides_[s].engine.send_eof(*p.ids[s]);
    if (may_send(s, p)) p.flows[s].eof_sent = true;
  }

  void close(std::size_t s, int c) {
    Pair& p = pairs_[c];
    sides_[s].engine.close_channel(*p.ids[s]);
    p.flows[s].close_sent = true;
    p.tickets[s].clear();
    if (p.flows[1 - s].close_told) release(s, p);
  }

  void release(std::size_t s, Pair& p) {
    sides_[s].channels.erase(*p.ids[s]);
    p.usable[s] = false;
  }

  void request(std::size_t s, int c) {
    Pair& p = pairs_[c];
    if (!may_send(s, p) || p.answers[s].size() >= limits::unanswered_requests) return;
    const int n = p.next_request[s]++;
    p.answers[s].push_back(verdict_of(n));
    sides_[s].engine.send_request(*p.ids[s], std::to_string(n), true, {});
  }

  void answer(std::size_t s, int c) {
    Pair& p = pairs_[c];
    if (p.tickets[s].empty()) return;
    const auto chosen = p.tickets[s].begin() + static_cast<long>(pick(p.tickets[s].size()));
    const auto [ticket, n] = *chosen;
    p.tickets[s].erase(chosen);
    sides_[s].engine.reply(*p.ids[s], ticket, verdict_of(n));
  }

  void consume(std::size_t s, int c) {
    Pair& p = pairs_[c];
    Flow& flow = p.flows[1 - s];
    const std::size_t held = flow.received - flow.consumed;
    if (held == 0) return;
    const std::size_t bytes = 1 + pick(held);
    flow.consumed += bytes;
    sides_[s].engine.consumed(*p.ids[s], bytes);
  }

  // Lets `bytes` travel to side `s`, after looking at what its peer has put on the wire.
  void deliver(std::size_t s, std::size_t bytes) {
    ByteBuffer& from = sides_[1 - s].engine.output();
    watch(1 - s, from.readable());
    sides_[s].wire.append(from.readable());
    from.consume(from.size());
    bytes = std::min(bytes, sides_[s].wire.size());
    sides_[s].inbox.append(sides_[s].wire.readable().first(bytes));
    sides_[s].wire.consume(bytes);
    for (;;) {
      MutableBytes input = sides_[s].inbox.readable();
      const std::size_t before = input.size();
      const auto told = sides_[s].engine.next(input, {});
      ASSERT_TRUE(told) << to_string(told.error());
      if (std::holds_alternative<event::NeedMore>(*told)) {
        sides_[s].inbox.consume(before - input.size());
        return;
      }
      on_event(s, *told);
      sides_[s].inbox.consume(before - input.size());
    }
  }

  // Window adjustments as the wire shows them: never more than consumed, and never late.
  void watch(std::size_t s, Bytes packets) {
    WireReader reader(packets);
    while (reader.ok() && !reader.rest().empty()) {
      const std::uint32_t length = reader.u32();
      const std::uint8_t padding = reader.byte();
      WireReader message(reader.raw(length - padding - 1));
      (void)reader.raw(padding);
      if (message.byte() != msg::channel_window_adjust) continue;
      const ChannelId peer_id = message.u32();
      const auto found = sides_[1 - s].channels.find(peer_id);
      if (found == sides_[1 - s].channels.end()) continue;
      Flow& flow = pairs_[found->second].flows[1 - s];
      flow.adjustments.push_back(message.u32());
      flow.granted += flow.adjustments.back();
      EXPECT_LE(flow.granted, flow.consumed + window);
    }
    EXPECT_TRUE(reader.ok());
  }

  int channel_of(std::size_t s, ChannelId id) {
    EXPECT_TRUE(sides_[s].channels.contains(id));
    return sides_[s].channels[id];
  }

  void on_event(std::size_t s, const EngineEvent& told) {
    std::visit(Overloaded{
                   [&](const event::ChannelOpen& e) { on_open(s, e); },
                   [&](const event::OpenConfirmed& e) { pairs_[channel_of(s, e.channel)].usable[s] = true; },
                   [&](const event::OpenFailed& e) { sides_[s].channels.erase(e.channel); },
                   [&](const event::ChannelData& e) { on_data(s, e); },
                   [&](const event::Writable& e) { on_writable(s, *e.channel); },
                   [&](const event::ChannelEof& e) { on_eof(s, e.channel); },
                   [&](const event::ChannelClosed& e) { on_closed(s, e.channel); },
                   [&](const event::ChannelRequest& e) { on_request(s, e); },
                   [&](const event::ChannelReply& e) { on_reply(s, e); },
                   [&](const auto&) { ADD_FAILURE() << describe(told); },
               },
               told);
  }

  void on_open(std::size_t s, const event::ChannelOpen& e) {
    EXPECT_FALSE(sides_[s].channels.contains(e.channel));
    const int c = std::stoi(to_string(e.extra));
    if (pick(5) == 0) {
      sides_[s].engine.refuse_open(e.channel, OpenFailure::administratively_prohibited, "no");
      return;
    }
    sides_[s].channels[e.channel] = c;
    pairs_[c].ids[s] = e.channel;
    pairs_[c].usable[s] = true;
    sides_[s].engine.confirm_open(e.channel);
  }

  void on_data(std::size_t s, const event::ChannelData& e) {
    const int c = channel_of(s, e.channel);
    Flow& flow = pairs_[c].flows[1 - s];
    EXPECT_FALSE(pairs_[c].flows[s].close_sent);
    EXPECT_FALSE(flow.eof_told);
    for (std::size_t i = 0; i < e.data.size(); ++i)
      ASSERT_EQ(e.data[i], pattern(c, 1 - s, flow.received + i)) << "offset " << flow.received + i;
    flow.received += e.data.size();
    bytes_ += e.data.size();
  }

  void on_writable(std::size_t s, ChannelId id) {
    Flow& flow = pairs_[channel_of(s, id)].flows[s];
    EXPECT_FALSE(flow.eof_sent);
    ASSERT_FALSE(flow.adjustments.empty());
    flow.credit += flow.adjustments.front();
    flow.adjustments.pop_front();
  }

  void on_eof(std::size_t s, ChannelId id) {
    Flow& flow = pairs_[channel_of(s, id)].flows[1 - s];
    EXPECT_TRUE(flow.eof_sent);
    EXPECT_EQ(flow.received, flow.sent);
    flow.eof_told = true;
  }

  void on_closed(std::size_t s, ChannelId id) {
    Pair& p = pairs_[channel_of(s, id)];
    Flow& flow = p.flows[1 - s];
    EXPECT_TRUE(flow.close_sent);
    EXPECT_FALSE(flow.close_told);
    if (!p.flows[s].close_sent) {
      EXPECT_EQ(flow.received, flow.sent);
    }
    flow.close_told = true;
    p.tickets[s].clear();
    if (p.flows[s].close_sent) release(s, p);
  }

  void on_request(std::size_t s, const event::ChannelRequest& e) {
    EXPECT_TRUE(e.want_reply);
    pairs_[channel_of(s, e.channel)].tickets[s].emplace_back(e.ticket, std::stoi(std::string(e.name)));
  }

  void on_reply(std::size_t s, const event::ChannelReply& e) {
    auto& expected = pairs_[channel_of(s, e.channel)].answers[s];
    ASSERT_FALSE(expected.empty());
    EXPECT_EQ(e.success, expected.front());
    expected.pop_front();
    ++replies_;
  }

  void check_writable() {
    for (std::size_t s = 0; s < 2; ++s)
      for (const auto& [id, c] : sides_[s].channels) {
        const Pair& p = pairs_[c];
        const Flow& flow = p.flows[s];
        const bool sendable = may_send(s, p) && !flow.eof_sent;
        EXPECT_LE(flow.credit, flow.granted - flow.sent);
        ASSERT_EQ(sides_[s].engine.writable(id),
                  sendable ? std::min<std::uint64_t>(flow.credit, max_packet) : 0);
      }
  }

  // Everything is delivered, consumed and closed: then both sides must be as new.
  void finish() {
    const auto settle = [&] {
      for (std::size_t i = 0; i < 4; ++i) deliver(i % 2, SIZE_MAX);
    };
    settle();
    for (int round = 0; round < 3; ++round) {
      for (std::size_t s = 0; s < 2; ++s) {
        const auto channels = sides_[s].channels;
        for (const auto& [id, c] : channels)
          if (!pairs_[c].flows[s].close_sent) close(s, c);
      }
      settle();
    }
    for (auto& side : sides_) {
      EXPECT_TRUE(side.channels.empty());
      for (ChannelId id = 0; id < channel_limit; ++id) EXPECT_EQ(*side.engine.open_channel("last", {}), id);
      EXPECT_FALSE(side.engine.open_channel("last", {}));
    }
  }

  std::mt19937 random_;
  std::array<Side, 2> sides_;
  std::map<int, Pair> pairs_;
  int next_channel_ = 0;
  std::size_t bytes_ = 0, replies_ = 0;
};

TEST(ChannelModel, RandomOperationsKeepEveryPromise) {
  for (unsigned seed = 0; seed < 15; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Model model(seed);
    model.run(10'000);
    EXPECT_GT(model.bytes(), 10'000U);
    EXPECT_GT(model.replies(), 50U);
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace fairlead::ssh::test
