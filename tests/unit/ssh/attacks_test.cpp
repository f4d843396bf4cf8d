// SPDX-License-Identifier: Apache-2.0
// Attacks on applications of SSH libraries: what a hostile other side gets from an application that has been
// careless, which has to be nothing. docs/security.md has the whole list.
#include "unit/protocol/raw_peer.hpp"
#include "unit/ssh/login_pair.hpp"

#include <boost/asio/write.hpp>

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
  loop.run([&]() -> Task<> {
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
  });
}

// --- CVE-2026-39830, x/crypto: answers that nobody had asked for filled a queue, and the reader waited for
// room in it for ever.
TEST(UnsolicitedReplies, CVE_2026_39830_TheConnectionGoesOn) {
  Loop loop;
  auto sockets = socket_pair(loop.io);
  auto served = link(std::move(sockets.first));
  StreamSocket& raw = sockets.second;
  ByteBuffer flood;
  for (int i = 0; i < 2000; ++i)
    for (const std::uint8_t number : {msg::request_success, msg::request_failure}) {
      const std::byte payload{number};
      flood.append(make_packet({&payload, 1}));
    }
  flood.append(make_packet(make_message(
      [](WireWriter& w) { w.byte(msg::global_request).string(KeepaliveRequest::wire_name).boolean(true); })));
  loop.run([&]() -> Task<> {
    const Bytes bytes = flood.readable();
    TaskScope scope(co_await asio::this_coro::executor);
    auto send = [&]() -> Task<> {
      const auto buffer = asio::buffer(bytes.data(), bytes.size());
      (void)co_await asio::async_write(raw, buffer, asio::use_awaitable);
    };
    scope.spawn(send());
    auto request = co_await served.requests.next();
    EXPECT_EQ(request->type(), RequestType::keepalive);
    // Our own question is answered by what comes behind it, and by nothing that came before.
    auto ask = [&]() -> Task<> { EXPECT_FALSE((co_await served.connection.request("mine")).success); };
    TaskScope asking(co_await asio::this_coro::executor);
    asking.spawn(ask());
    co_await settle();
    const std::byte no{msg::request_failure};
    const auto answer = make_packet({&no, 1});
    (void)co_await asio::async_write(raw, asio::buffer(answer), asio::use_awaitable);
    co_await asking.join();
    EXPECT_TRUE(served.connection.is_open());
    co_await scope.join();
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
