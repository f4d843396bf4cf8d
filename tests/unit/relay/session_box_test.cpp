// SPDX-License-Identifier: Apache-2.0
// Sessions with a box of their own: made for one, told when it cannot be, removed with it.
#include "stage.hpp"

#include <memory>
#include <utility>

namespace fairlead::relay {
namespace {

// A login whose next session gets a box of its own, with its agent in the test's hands.
struct OwnBox {
  explicit OwnBox(asio::io_context& io) : link(io) {}

  std::shared_ptr<FakeBox> login_box(Stage& stage) {
    auto own = std::make_unique<FakeBox>(std::move(link.a));
    own->on_remove = [this] { removed = true; };
    auto box = std::make_shared<FakeBox>(std::move(stage.agent_link.a));
    box->for_session = std::move(own);
    return box;
  }

  ssh::test::LinkPair link;
  bool removed = false;
};

TEST(SessionBox, ServesItsSessionAndIsRemovedWithIt) {
  Loop loop;
  Stage stage(loop.io);
  OwnBox own(loop.io);
  stage.start();
  stage.gate->open(own.login_box(stage));
  auto test = [&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    std::optional<ssh::OpenedChannel> client;
    auto open = [&]() -> Task<> { client.emplace(co_await open_session(stage.client())); };
    scope.spawn(open());
    ssh::OpenedChannel agent = co_await accept_next(own.link.b);
    co_await scope.join();
    EXPECT_FALSE(own.removed);
    client->channel.close();
    (void)co_await client->channel.closed();
    agent.channel.close();
    (void)co_await own.link.b.connection.closed();
    co_await settle();
    EXPECT_TRUE(own.removed);
    EXPECT_TRUE(stage.agent().connection.is_open()) << "the login goes on";
  };
  play(loop, stage, test());
}

TEST(SessionBox, OneThatCannotBeMadeIsToldAndTheLoginGoesOn) {
  Loop loop;
  Stage stage(loop.io);
  stage.start();
  auto box = std::make_shared<FakeBox>(std::move(stage.agent_link.a));
  box->failure = "No box for you.";
  stage.gate->open(box);
  auto test = [&]() -> Task<> {
    const auto refused = co_await stage.client().connection.open_channel("session");
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().text, "No box for you.");
    }
    EXPECT_TRUE(stage.client().connection.is_open());
  };
  play(loop, stage, test());
}

TEST(SessionBox, TheClientsLeavingEndsItAndRemovesIt) {
  Loop loop;
  Stage stage(loop.io);
  OwnBox own(loop.io);
  stage.start();
  stage.gate->open(own.login_box(stage));
  auto test = [&]() -> Task<> {
    ssh::TaskScope scope(co_await asio::this_coro::executor);
    auto open = [&]() -> Task<> { (void)co_await open_session(stage.client()); };
    scope.spawn(open());
    const auto agent = co_await accept_next(own.link.b);
    co_await scope.join();
    stage.client().connection.close({ssh::Errc::connection_closed, "client left"});
    (void)co_await own.link.b.connection.closed();  // although its agent never answered the CLOSE
  };
  play(loop, stage, test());
  EXPECT_TRUE(own.removed);
}

}  // namespace
}  // namespace fairlead::relay
