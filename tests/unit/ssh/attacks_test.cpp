// SPDX-License-Identifier: Apache-2.0
// Attacks on applications of SSH libraries: what a hostile other side gets from an application that has been
// careless, which has to be nothing. docs/security.md has the whole list.
#include "unit/ssh/login_pair.hpp"

#include <new>
#include <optional>

namespace fairlead::ssh::test {
namespace {

// --- CVE-2026-39835, x/crypto: a callback that was not set was called all the same.

// Offers everything and has overridden nothing.
class Unfinished final : public Authenticator {
 public:
  [[nodiscard]] std::vector<std::string> methods() const override {
    return {"publickey", "password", "none"};
  }
};

TEST(MissingCallback, CVE_2026_39835_AnAuthenticatorWithoutAnswersAdmitsNobody) {
  for (const bool with_key : {false, true}) {
    Loop loop;
    LoginPair pair;
    pair.server->authenticator = std::make_shared<Unfinished>();
    if (with_key) pair.client->keys = {make_key()};
    LoginOutcome outcome;
    loop.run(pair.run(outcome));
    EXPECT_FALSE(outcome.server);
    ASSERT_TRUE(outcome.client_error);
    EXPECT_EQ(outcome.client_error->code, Errc::authentication_failed);
  }
}

// --- CVE-2025-26465, OpenSSH: running out of memory while a host key was checked counted as a check that had
// been passed.
TEST(HostKeyCheck, CVE_2025_26465_ACheckThatFailsHalfWayIsARefusal) {
  Loop loop;
  LoginPair pair;
  pair.client->accept_host_key = [](const PublicKey&) -> bool { throw std::bad_alloc(); };
  LoginOutcome outcome;
  loop.run(pair.run(outcome));
  EXPECT_FALSE(outcome.client);
  EXPECT_TRUE(outcome.client_error);
  EXPECT_TRUE(pair.authenticator->asked.empty());  // no password went out
}

// --- CVE-2000-1169, OpenSSH, and TH-20: a server that a client logs in to asks for its agent and its
// display.
TEST(RogueServer, CVE_2000_1169_GetsNoAgentNoDisplayAndNoForward) {
  Loop loop;
  LoginPair pair;
  LoginOutcome outcome;
  auto test = [&]() -> Task<> {
    co_await pair.run(outcome);
    {
      auto dropped = std::move(outcome.client->channels);
    }
    Connection server = outcome.server->connection;
    for (const std::string type : {"auth-agent@openssh.com", "agent-connect", "x11", "forwarded-tcpip",
                                   "forwarded-streamlocal@openssh.com", "session", "direct-tcpip"}) {
      const auto opened = co_await server.open_channel(type);
      EXPECT_FALSE(opened.has_value()) << type;
    }
    EXPECT_TRUE(server.is_open());
  };
  loop.run(test());
}

// --- CVE-2026-39830, x/crypto: answers that nobody had asked for filled a queue, and the reader waited for
// room in it for ever.
TEST(UnsolicitedReplies, CVE_2026_39830_TheConnectionGoesOn) {
  Loop loop;
  LoginPair pair;
  LoginOutcome outcome;
  auto test = [&]() -> Task<> {
    co_await pair.run(outcome);
    auto channels = co_await open_pair(*outcome.client, *outcome.server);
    // An application cannot answer what was not asked; its peer's engine can be made to hear it.
    auto serve = [&]() -> Task<> {
      while (auto request = co_await channels.b.requests.next()) request->reply(true);
    };
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(serve());
    for (int i = 0; i < 200; ++i) {
      auto abandoned = channels.a.channel.request("signal", {});
      TaskScope asking(co_await asio::this_coro::executor);
      asking.spawn([](Task<bool> asked) -> Task<> { (void)co_await std::move(asked); }(std::move(abandoned)));
      co_await asio::post(loop.io, asio::use_awaitable);
    }  // each of the questions is given up before its answer
    const KeepaliveRequest keepalive;
    EXPECT_TRUE(co_await channels.a.channel.request(keepalive));
    channels.a.channel.close();
    co_await scope.join();
  };
  loop.run(test());
}

}  // namespace
}  // namespace fairlead::ssh::test
