// SPDX-License-Identifier: Apache-2.0
// TM-2, ID-1: what a peer says when it disconnects, what is said to those who may not come in, and what is
// said to an embedder whose identification is none.
#include "unit/ssh/raw_end.hpp"

#include <boost/asio/read.hpp>
#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::HasSubstr;
using Farewells = LoginTest;

TEST_F(Farewells, ReachTheOtherSidesApplication) {
  log_in();
  ASSERT_TRUE(outcome.server && outcome.client);
  EXPECT_FALSE(outcome.server->connection.farewell());
  outcome.client->connection.disconnect(DisconnectReason::auth_cancelled_by_user, "changed\x1b my mind");
  loop.run([&]() -> Task<> {
    const Error why = co_await outcome.server->connection.closed();
    EXPECT_EQ(why.code, Errc::disconnected_by_peer);
  });
  const auto farewell = outcome.server->connection.farewell();
  ASSERT_TRUE(farewell);
  EXPECT_EQ(farewell->reason, DisconnectReason::auth_cancelled_by_user);
  EXPECT_EQ(farewell->text, "changed\x1b my mind");
  EXPECT_FALSE(outcome.client->connection.farewell()) << "nobody has said anything to the client";
}

TEST_F(Farewells, AreCut) {
  log_in();
  ASSERT_TRUE(outcome.server && outcome.client);
  outcome.server->connection.disconnect(DisconnectReason::by_application, std::string(30000, 'x'));
  loop.run([&]() -> Task<> { (void)co_await outcome.client->connection.closed(); });
  ASSERT_TRUE(outcome.client->connection.farewell());
  EXPECT_EQ(outcome.client->connection.farewell()->text, std::string(limits::disconnect_text, 'x'));
}

TEST_F(Farewells, BeforeTheLoginAreInWhatIsThrown) {
  auto sockets = tcp_pair(loop.io);
  RawEnd client(std::move(sockets.second));
  std::optional<Farewell> told;
  const auto accept_it = [&]() -> Task<> {
    try {
      (void)co_await accept(std::move(sockets.first), pair.server);
    } catch (const ConnectionError& error) {
      EXPECT_EQ(error.error().code, Errc::disconnected_by_peer);
      EXPECT_STREQ(error.what(), "disconnected by peer");
      told = error.farewell();
    }
  };
  const auto leave = [&]() -> Task<> {
    co_await client.begin();
    client.send(Payload(msg::disconnect, std::uint32_t{4711}, "bye", ""));
    co_await client.receive(1);
  };
  loop.run([&]() -> Task<> {
    TaskScope both(co_await asio::this_coro::executor);
    both.spawn(accept_it());
    both.spawn(leave());
    co_await both.join();
  });
  ASSERT_TRUE(told);
  EXPECT_EQ(static_cast<std::uint32_t>(told->reason), 4711U);
  EXPECT_EQ(told->text, "bye");
}

TEST_F(Farewells, ARefusalIsHeardWithoutKeys) {
  auto sockets = tcp_pair(loop.io);
  const auto words = refusal("SSH-2.0-Full", DisconnectReason::too_many_connections, "Come back later.");
  EXPECT_LT(words.size(), 200U);
  asio::write(sockets.first, asio::buffer(words));
  sockets.first.shutdown(asio::ip::tcp::socket::shutdown_send);
  loop.run([&]() -> Task<> {
    try {
      (void)co_await connect(std::move(sockets.second), pair.client);
      ADD_FAILURE() << "logged in";
    } catch (const ConnectionError& error) {
      EXPECT_EQ(error.error().code, Errc::disconnected_by_peer);
      EXPECT_TRUE(error.farewell() && error.farewell()->reason == DisconnectReason::too_many_connections);
      EXPECT_EQ(error.farewell().value_or(Farewell{}).text, "Come back later.");
    }
  });
}

TEST_F(Farewells, AnIdentificationThatIsNoneIsNotSent) {
  pair.server->identification = "SSH-2.0-my-server";
  pair.client->identification = "SSH-2.0-client\r\nSSH-2.0-x";
  log_in();
  ASSERT_TRUE(outcome.server_error && outcome.client_error);
  EXPECT_EQ(outcome.server_error->code, Errc::bad_identification);
  EXPECT_THAT(to_string(*outcome.server_error), HasSubstr("minus sign"));
  EXPECT_THAT(to_string(*outcome.client_error), HasSubstr("ours"));
}

}  // namespace
}  // namespace fairlead::ssh::test
