// SPDX-License-Identifier: Apache-2.0
// accept() and connect(): who gets in, who does not, and when it is too late.
#include "unit/ssh/raw_end.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace fairlead::ssh::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

using Login = LoginTest;
// Every kind of key, of a user and of the host.
class LoginKey : public LoginTest, public testing::WithParamInterface<PrivateKey::Type> {};
INSTANTIATE_TEST_SUITE_P(Every, LoginKey,
                         testing::Values(PrivateKey::Type::ed25519, PrivateKey::Type::ecdsa_p256,
                                         PrivateKey::Type::ecdsa_p384, PrivateKey::Type::ecdsa_p521,
                                         PrivateKey::Type::rsa_3072));

TEST_F(Login, PasswordLetsIn) {
  log_in();
  ASSERT_TRUE(outcome.server && outcome.client);
  EXPECT_EQ(outcome.server->login.user, "alice");
  EXPECT_EQ(outcome.server->login.method, "password");
  EXPECT_EQ(outcome.server->connection.peer_identification(), "SSH-2.0-Fairlead");
  EXPECT_TRUE(equal(outcome.server->connection.session_id(), outcome.client->connection.session_id()));
  EXPECT_FALSE(outcome.server->connection.negotiated().empty());
}

TEST_P(LoginKey, LetsIn) {
  const auto key = make_key(GetParam());
  pair.authenticator->key = key.public_key();
  pair.client->password.reset();
  pair.client->keys = {make_key(), key};  // the first one is refused
  log_in();
  ASSERT_TRUE(outcome.server && outcome.client) << key.public_key().type();
  EXPECT_EQ(outcome.server->login.method, "publickey");
  EXPECT_EQ(outcome.server->login.key_fingerprint, key.public_key().fingerprint());
  EXPECT_EQ(pair.authenticator->last_context.remote_address, "127.0.0.1");
  EXPECT_EQ(pair.authenticator->last_context.client_identification, "SSH-2.0-Fairlead");
  EXPECT_FALSE(pair.authenticator->last_context.session_id.empty());
}

// CVE-2026-39831: who has never heard of security keys must not admit an untouched one.
TEST(SecurityKeyLogin, AnUntouchedOneIsRefusedByDefault) {
  Loop loop;
  TestAuthenticator authenticator;
  AuthContext context;
  context.user = "alice";
  const auto key = make_key().public_key();
  authenticator.key = key;
  const auto ask = [&](SecurityKeyUse use, Verdict& verdict) -> Task<> {
    verdict = co_await authenticator.security_key(context, key, use);
  };
  Verdict untouched = Verdict::accepted, touched = Verdict::refused;
  loop.run(ask({.user_verified = true}, untouched));
  EXPECT_EQ(untouched, Verdict::refused);
  EXPECT_TRUE(authenticator.asked.empty());
  loop.run(ask({.touched = true}, touched));
  EXPECT_EQ(touched, Verdict::accepted);
}

TEST_F(Login, ARefusalMayBeExplained) {
  pair.authenticator->explains = "Nobody can say.\n";
  pair.client->keys = {make_key(), make_key()};
  std::vector<std::string> shown;
  pair.client->on_banner = [&](std::string_view text) { shown.emplace_back(text); };
  log_in();
  EXPECT_TRUE(outcome.server && outcome.client);
  EXPECT_EQ(shown, std::vector<std::string>{"Nobody can say.\r\n"});
}

TEST_P(LoginKey, SignsAsTheHostKey) {
  const auto key = make_key(GetParam());
  pair.server->host_keys = local_host_keys({key});
  pair.client->accept_host_key = [&](const PublicKey& shown) { return shown == key.public_key(); };
  log_in();
  EXPECT_TRUE(outcome.server && outcome.client) << key.public_key().type();
}

TEST_F(Login, WithoutAnAuthenticatorEverybodyIsAdmitted) {
  pair.server->authenticator = nullptr;
  pair.client->password.reset();
  log_in();
  ASSERT_TRUE(outcome.server);
  EXPECT_EQ(outcome.server->login.method, "none");
}

TEST_F(Login, AWrongHostKeyIsRefusedBeforeAnythingSecretIsSent) {
  pair.client->accept_host_key = [other = make_key().public_key()](const PublicKey& key) {
    return key == other;
  };
  log_in();
  ASSERT_TRUE(outcome.client_error && outcome.server_error);
  EXPECT_EQ(outcome.client_error->code, Errc::host_key_rejected);
  EXPECT_TRUE(pair.authenticator->asked.empty());
}

TEST_F(Login, WithoutAHostKeyCheckEveryServerIsRefused) {
  pair.client->accept_host_key = nullptr;
  log_in();
  ASSERT_TRUE(outcome.client_error);
  EXPECT_EQ(outcome.client_error->code, Errc::host_key_rejected);
}

TEST_F(Login, AWrongPasswordIsRefused) {
  pair.client->password = "wrong";
  log_in();
  ASSERT_TRUE(outcome.client_error && outcome.server_error);
  EXPECT_EQ(outcome.client_error->code, Errc::authentication_failed);
  EXPECT_EQ(pair.authenticator->asked, std::vector<std::string>{"password alice wrong"});
}

TEST_F(Login, AnExceptionAdmitsNobody) {
  pair.authenticator->fails = true;
  log_in();
  EXPECT_FALSE(outcome.server.has_value());
  EXPECT_EQ(outcome.client_error->code, Errc::authentication_failed);
  EXPECT_TRUE(std::find(pair.events->begin(), pair.events->end(), "auth_unavailable: backend down") !=
              pair.events->end());
}

TEST_F(Login, TooManyFailuresEndTheConnection) {
  pair.client->password = "wrong";
  for (int i = 0; i < 10; ++i) pair.client->keys.push_back(make_key());
  log_in();
  ASSERT_TRUE(outcome.server_error && outcome.client_error);
  EXPECT_EQ(outcome.server_error->code, Errc::too_many_auth_attempts);
  EXPECT_EQ(outcome.client_error->code, Errc::disconnected_by_peer);
  EXPECT_LE(pair.authenticator->asked.size(), limits::auth_failures);
}

TEST_F(Login, PartialSuccessNeedsTheSecondMethod) {
  const auto key = make_key();
  pair.authenticator->key = key.public_key();
  pair.authenticator->both_needed = true;
  pair.client->keys = {key};
  log_in();
  ASSERT_TRUE(outcome.server);
  EXPECT_EQ(outcome.server->login.method, "publickey+password");

  LoginPair without;
  without.authenticator->key = key.public_key();
  without.authenticator->both_needed = true;
  without.client->keys = {key};
  without.client->password.reset();
  LoginOutcome refused;
  loop.run(without.run(refused));
  EXPECT_FALSE(refused.server.has_value());
}

// Nothing at all, until the server hangs up.
Task<> say_nothing(asio::ip::tcp::socket socket) {
  std::string heard;
  boost::system::error_code end;
  co_await asio::async_read(socket, asio::dynamic_buffer(heard),
                            asio::redirect_error(asio::use_awaitable, end));
}
// Something now and then.
Task<> drip(asio::ip::tcp::socket socket) {
  const std::string line = "SSH-2.0-drip";
  try {
    for (const char letter : line) {
      co_await asio::async_write(socket, asio::buffer(&letter, 1), asio::use_awaitable);
      asio::steady_timer pause(socket.get_executor(), 100ms);
      co_await pause.async_wait(asio::use_awaitable);
    }
  } catch (const boost::system::system_error&) {
  }
}
// A key exchange, and then nothing.
Task<> exchange_keys(asio::ip::tcp::socket socket) {
  RawEnd client(std::move(socket));
  co_await client.begin();
  co_await client.receive(1);
  EXPECT_TRUE(client.numbers().empty());
}

// UA-6, TH-8: whatever a client does but log in, it is over at the deadline.
TEST_F(Login, TheDeadlineIsAbsolute) {
  pair.server->login_grace = 1s;
  const auto serve_one = [&](Task<> (*client)(asio::ip::tcp::socket)) -> Task<> {
    auto sockets = tcp_pair(loop.io);
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(client(std::move(sockets.second)));
    LoginOutcome own;
    const auto start = Clock::now();
    co_await LoginPair::serve(std::move(sockets.first), pair.server, own);
    const std::optional<Error>& why = own.server_error;
    EXPECT_TRUE(why && why->code == Errc::timeout);
    EXPECT_GE(Clock::now() - start, 1s);
    EXPECT_LT(Clock::now() - start, 3s);
    co_await scope.join();
  };
  loop.run([&]() -> Task<> {
    TaskScope all(co_await asio::this_coro::executor);
    for (auto* const client : {&say_nothing, &drip, &exchange_keys}) all.spawn(serve_one(client));
    co_await all.join();
  });
}

// Never answers by itself.
class SilentAuthenticator final : public TestAuthenticator {
 public:
  explicit SilentAuthenticator(asio::any_io_executor executor) : answer(std::move(executor)) {}
  [[nodiscard]] Task<Verdict> password(const AuthContext&, Bytes) override {
    const std::shared_ptr<void> inside = asking;
    if (stubborn) {
      const asio::disable_cancellation nothing;
      co_await asio::this_coro::reset_cancellation_state(nothing);
    }
    while (!answered) co_await answer.wait();
    co_return Verdict::accepted;
  }
  Event answer;
  bool answered = false;
  bool stubborn = false;  // does not listen to cancellation
  std::shared_ptr<void> asking = std::make_shared<int>();
};

TEST_F(Login, AnAuthenticatorThatHangsIsCancelledAtTheDeadline) {
  auto silent = std::make_shared<SilentAuthenticator>(loop.io.get_executor());
  pair.server->authenticator = silent;
  pair.server->login_grace = 1s;
  log_in();  // comes back at all
  EXPECT_FALSE(outcome.server.has_value());
  ASSERT_TRUE(outcome.server_error && outcome.client_error);
  EXPECT_EQ(outcome.server_error->code, Errc::timeout);
  EXPECT_EQ(silent->asking.use_count(), 1);  // nobody waits for the answer any more
}

// Answers each question only when it is cancelled.
class SilentHostKeys final : public HostKeySigner {
 public:
  explicit SilentHostKeys(asio::any_io_executor executor) : never_(std::move(executor)) {}
  [[nodiscard]] std::vector<PublicKey> public_keys() const override { return {key_.public_key()}; }
  [[nodiscard]] Task<Result<std::vector<std::byte>>> sign(std::size_t, std::string,
                                                          std::vector<std::byte>) override {
    for (;;) co_await never_.wait();
  }

 private:
  PrivateKey key_ = make_key();
  Event never_;
};

TEST_F(Login, AHostKeySignatureThatHangsIsCancelledAtTheDeadline) {
  pair.server->host_keys = std::make_shared<SilentHostKeys>(loop.io.get_executor());
  pair.server->login_grace = 1s;
  log_in();
  ASSERT_TRUE(outcome.server_error && outcome.client_error);
  EXPECT_EQ(outcome.server_error->code, Errc::timeout);
}

TEST_F(Login, AVerdictAfterTheDeadlineLetsNobodyIn) {
  auto silent = std::make_shared<SilentAuthenticator>(loop.io.get_executor());
  silent->stubborn = true;
  pair.server->authenticator = silent;
  pair.server->login_grace = 1s;
  auto answer_late = [&]() -> Task<> {
    asio::steady_timer pause(loop.io, 1500ms);
    co_await pause.async_wait(asio::use_awaitable);
    EXPECT_TRUE(outcome.client_error.has_value());  // the client was told in time
    silent->answered = true;
    silent->answer.notify();
  };
  loop.run([&]() -> Task<> {
    TaskScope scope(co_await asio::this_coro::executor);
    scope.spawn(answer_late());
    co_await pair.run(outcome);
    co_await scope.join();
  });
  EXPECT_FALSE(outcome.server.has_value());
  ASSERT_TRUE(outcome.server_error);
  EXPECT_EQ(outcome.server_error->code, Errc::timeout);
}

TEST_F(Login, ACancelledLoginEndsTheConnection) {
  auto silent = std::make_shared<SilentAuthenticator>(loop.io.get_executor());
  pair.server->authenticator = silent;
  auto sockets = tcp_pair(loop.io);
  loop.run([&]() -> Task<> {
    TaskScope client(co_await asio::this_coro::executor);
    {
      TaskScope server(co_await asio::this_coro::executor);
      server.spawn(LoginPair::serve(std::move(sockets.first), pair.server, outcome));
      client.spawn(LoginPair::log_in(std::move(sockets.second), pair.client, outcome));
      asio::steady_timer pause(loop.io, 200ms);
      co_await pause.async_wait(asio::use_awaitable);
      server.cancel();
      co_await server.join();
    }
    co_await client.join();
  });
  ASSERT_TRUE(outcome.server_error && outcome.client_error);
  EXPECT_EQ(outcome.server_error->code, Errc::cancelled);
}

// What a peer that vanished, or one that was stopped, must not hold for ever (security.md CN-20).
TEST_F(Login, TheKernelGivesUpASilentPeer) {
  auto sockets = tcp_pair(loop.io);
  const int socket = ::dup(sockets.first.native_handle());
  const auto option = [socket](int level, int name) {
    int value = 0;
    socklen_t size = sizeof value;
    EXPECT_EQ(::getsockopt(socket, level, name, &value, &size), 0);
    return value;
  };
  loop.run([&]() -> Task<> {
    sockets.second.close();
    co_await LoginPair::serve(std::move(sockets.first), pair.server, outcome);
  });
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), limits::tcp_probe.count());
  EXPECT_EQ(option(IPPROTO_TCP, TCP_USER_TIMEOUT), limits::tcp_silence.count() * 1000);
  ::close(socket);
}

TEST_F(Login, NonsenseInsteadOfAnIdentificationIsRefused) {
  auto sockets = tcp_pair(loop.io);
  loop.run([&]() -> Task<> {
    const std::string nonsense = "GET / HTTP/1.1\r\n\r\n";
    co_await asio::async_write(sockets.second, asio::buffer(nonsense), asio::use_awaitable);
    co_await LoginPair::serve(std::move(sockets.first), pair.server, outcome);
    const std::optional<Error>& why = outcome.server_error;
    EXPECT_TRUE(why.has_value());
    EXPECT_EQ(why->code, Errc::bad_identification);
    // Our identification and the reason arrive; then the stream ends.
    std::string heard;
    boost::system::error_code end;
    co_await asio::async_read(sockets.second, asio::dynamic_buffer(heard),
                              asio::redirect_error(asio::use_awaitable, end));
    EXPECT_EQ(end, asio::error::eof);
    EXPECT_TRUE(heard.starts_with("SSH-2.0-Fairlead\r\n"));
    EXPECT_TRUE(heard.ends_with("Invalid SSH identification string.\r\n"));
  });
}

TEST_F(Login, APeerThatLeavesIsAnEnd) {
  auto sockets = tcp_pair(loop.io);
  sockets.second.close();
  loop.run([&]() -> Task<> {
    co_await LoginPair::serve(std::move(sockets.first), pair.server, outcome);
    const std::optional<Error>& why = outcome.server_error;
    EXPECT_TRUE(why && (why->code == Errc::end_of_stream || why->code == Errc::io_failed));
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
