// SPDX-License-Identifier: Apache-2.0
// The small parts of the ssh floor: inbound data, deadlines, wait lists and the output gate.
#include "ssh/buffer_pool.hpp"
#include "ssh/deadlines.hpp"
#include "ssh/inbound.hpp"
#include "ssh/output_gate.hpp"
#include "unit/ssh/loop.hpp"

#include <string>

namespace fairlead::ssh::test {
namespace {

using namespace std::chrono_literals;

TEST(InboundData, TakesRunsOfOneKindInOrder) {
  Inbound inbound;
  inbound.add(StreamType::standard, as_bytes("ab"));
  inbound.add(StreamType::standard, as_bytes("c"));
  inbound.add(StreamType::stderr_, as_bytes("X"));
  inbound.add(StreamType::standard, as_bytes("d"));
  EXPECT_EQ(inbound.size(), 5u);
  std::vector<std::byte> buffer(2);
  EXPECT_EQ(inbound.take(buffer).size, 2u);
  EXPECT_EQ(inbound.take(buffer).size, 1u);
  EXPECT_EQ(as_text(Bytes(buffer).first(1)), "c");
  EXPECT_EQ(inbound.take(buffer).type, StreamType::stderr_);
  EXPECT_EQ(inbound.take(buffer).type, StreamType::standard);
  EXPECT_TRUE(inbound.empty());
  EXPECT_EQ(inbound.take(buffer).size, 0u);
}

TEST(InboundData, EmptyDataLeavesNoRun) {
  Inbound inbound;
  inbound.add(StreamType::stderr_, {});
  EXPECT_TRUE(inbound.empty());
  inbound.add(StreamType::standard, as_bytes("a"));
  std::vector<std::byte> buffer(8);
  EXPECT_EQ(inbound.take(buffer).type, StreamType::standard);
  inbound.add(StreamType::stderr_, as_bytes("b"));
  inbound.drop_unseen();
  EXPECT_TRUE(inbound.empty());
}

TEST(InboundData, AViewStaysWhereItIsWhateverArrives) {
  Inbound inbound;
  inbound.add(StreamType::standard, as_bytes("first"));
  const View view = inbound.view();
  EXPECT_EQ(as_text(view.data), "first");
  const auto much = pattern(1'000'000);
  for (int i = 0; i < 4; ++i) inbound.add(StreamType::standard, much);
  EXPECT_EQ(as_text(view.data), "first");
  inbound.drop_unseen();
  EXPECT_EQ(as_text(view.data), "first");
  inbound.consume(2);
  EXPECT_EQ(as_text(inbound.view().data), "rst");
  inbound.consume(3);
  EXPECT_TRUE(inbound.empty());
  EXPECT_TRUE(inbound.view().data.empty());
}

TEST(InboundData, ViewsShowOneKindAtATime) {
  Inbound inbound;
  inbound.add(StreamType::standard, as_bytes("a"));
  inbound.add(StreamType::stderr_, as_bytes("bb"));
  EXPECT_EQ(inbound.view().data.size(), 1u);
  inbound.consume(1);
  inbound.add(StreamType::stderr_, as_bytes("c"));  // behind what is shown, in the other buffer
  EXPECT_EQ(inbound.view().type, StreamType::stderr_);
  EXPECT_EQ(as_text(inbound.view().data), "bb");
  inbound.consume(2);
  EXPECT_EQ(as_text(inbound.view().data), "c");
}

TEST(BufferPool, KeepsBigBuffersAndForgetsTheirContent) {
  ByteBuffer buffer = buffer_pool::take_output();
  buffer.append(as_bytes("something"));
  buffer_pool::give(buffer);
  EXPECT_EQ(buffer.capacity(), 0u);
  ByteBuffer again = buffer_pool::take_if_ready();
  EXPECT_GE(again.capacity(), limits::output_high_water);
  EXPECT_TRUE(again.empty());
}

TEST(DeadlinesOfAConnection, TheEarliestIsDueFirst) {
  Deadlines deadlines;
  const Deadlines::Time now{1000s};
  EXPECT_EQ(deadlines.earliest(), Deadlines::Time::max());
  deadlines.set(Deadline::alive, now + 3s);
  deadlines.set(Deadline::login, now + 1s);
  deadlines.set(Deadline::tick, now + 2s);
  deadlines.clear(Deadline::tick);
  EXPECT_FALSE(deadlines.take_due(now).has_value());
  EXPECT_EQ(deadlines.take_due(now + 5s), Deadline::login);
  EXPECT_EQ(deadlines.take_due(now + 5s), Deadline::alive);
  EXPECT_FALSE(deadlines.take_due(now + 5s).has_value());
}

TEST(WaitListOrder, WakesFirstComeFirstServed) {
  Loop loop;
  WaitList list;
  std::string order;
  auto wait = [&](char name) -> Task<> {
    const bool woken = co_await list.wait(co_await asio::this_coro::executor);
    order += woken ? name : '-';
  };
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    for (const char name : {'a', 'b', 'c', 'd'}) scope.spawn(wait(name));
    co_await settle();
    list.wake_one();
    co_await settle();
    EXPECT_EQ(order, "a");
    list.wake_all();
    co_await scope.join();
    EXPECT_EQ(order, "abcd");
    EXPECT_TRUE(list.empty());
  });
}

TEST(WaitListOrder, ACancelledWaiterLeavesTheList) {
  Loop loop;
  WaitList list;
  int back = 0;
  auto wait = [&]() -> Task<> {
    if (co_await list.wait(co_await asio::this_coro::executor)) ++back;
  };
  loop.run([&]() -> Task<> {
    TaskScope first(co_await asio::this_coro::executor), second(co_await asio::this_coro::executor);
    first.spawn(wait());
    second.spawn(wait());
    co_await settle();
    first.cancel();
    co_await first.join();
    list.wake_one();
    co_await second.join();
    EXPECT_EQ(back, 1);
  });
}

TEST(OutputGateTurns, FullAboveTheHighMarkOpenBelowTheLow) {
  Loop loop;
  OutputGate gate(loop.io.get_executor());
  EXPECT_TRUE(gate.open_now());
  gate.output_is(limits::output_high_water);
  EXPECT_FALSE(gate.open_now());
  gate.output_is(limits::output_low_water + 1);
  EXPECT_FALSE(gate.open_now());
  gate.output_is(limits::output_low_water);
  EXPECT_TRUE(gate.open_now());
}

TEST(OutputGateTurns, LatecomersStandBehindThoseWhoWait) {
  Loop loop;
  OutputGate gate(loop.io.get_executor());
  std::string order;
  auto writer = [&](char name) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      const auto turn = co_await gate.wait();
      if (turn) order += name;
      co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
    }
  };
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    gate.output_is(limits::output_high_water);
    for (const char name : {'a', 'b', 'c'}) scope.spawn(writer(name));
    co_await settle();
    EXPECT_EQ(order, "");
    gate.output_is(0);
    co_await scope.join();
    EXPECT_EQ(order, "abcabcabc");
  });
}

TEST(OutputGateTurns, ACancelledWriterDoesNotKeepTheTurn) {
  Loop loop;
  OutputGate gate(loop.io.get_executor());
  int turns = 0;
  auto writer = [&]() -> Task<> {
    const auto turn = co_await gate.wait();
    if (turn) ++turns;
  };
  loop.run([&]() -> Task<> {
    TaskScope first(co_await asio::this_coro::executor), second(co_await asio::this_coro::executor);
    gate.output_is(limits::output_high_water);
    first.spawn(writer());
    second.spawn(writer());
    co_await settle();
    gate.output_is(0);  // the first is given the turn, and cancelled before it runs
    first.cancel();
    co_await first.join();
    co_await second.join();
    EXPECT_GE(turns, 1);
    EXPECT_TRUE(gate.open_now());
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
