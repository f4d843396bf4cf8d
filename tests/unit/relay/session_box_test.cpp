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

class SessionBox : public Play<Stage> {
 protected:
  void start_with_own_box() {
    stage.start();
    stage.gate->open(own.login_box(stage));
  }
  OwnBox own{loop.io};
};

TEST_F(SessionBox, ServesItsSessionAndIsRemovedWithIt) {
  start_with_own_box();
  play([&]() -> Task<> {
    Session session = co_await open_both(stage, own.link.b);
    EXPECT_FALSE(own.removed);
    session.client.channel.close();
    (void)co_await session.client.channel.closed();
    session.agent.channel.close();
    (void)co_await own.link.b.connection.closed();
    co_await settle();
    EXPECT_TRUE(own.removed);
    EXPECT_TRUE(stage.agent().connection.is_open()) << "the login goes on";
  });
}

TEST_F(SessionBox, OneThatCannotBeMadeIsToldAndTheLoginGoesOn) {
  stage.start();
  auto box = std::make_shared<FakeBox>(std::move(stage.agent_link.a));
  box->failure = "No box for you.";
  stage.gate->open(box);
  play([&]() -> Task<> {
    const auto refused = co_await stage.client().connection.open_channel("session");
    EXPECT_FALSE(refused);
    if (!refused) {
      EXPECT_EQ(refused.error().text, "No box for you.");
    }
    EXPECT_TRUE(stage.client().connection.is_open());
  });
}

TEST_F(SessionBox, TheClientsLeavingEndsItAndRemovesIt) {
  start_with_own_box();
  play([&]() -> Task<> {
    const Session session = co_await open_both(stage, own.link.b);
    stage.client().connection.close({ssh::Errc::connection_closed, "client left"});
    (void)co_await own.link.b.connection.closed();  // although its agent never answered the CLOSE
  });
  EXPECT_TRUE(own.removed);
}

}  // namespace
}  // namespace fairlead::relay
