// SPDX-License-Identifier: Apache-2.0
// Server engine against client engine: login, a session, rekeys under load, and nothing before its time.
#include "crypto/packet_cipher.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/secure_transport.hpp"
#include "unit/protocol/login_pair.hpp"
#include "unit/protocol/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace fairlead::ssh::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(EngineLogin, ByPassword) {
  LoginPair pair;
  pair.run();
  EXPECT_THAT(pair.client.log, Contains("keys"));
  EXPECT_TRUE(equal(pair.client.engine.session_id(), pair.server.engine.session_id()));
  EXPECT_EQ(pair.client.engine.negotiated(), pair.server.engine.negotiated());
  EXPECT_EQ(pair.server.engine.peer_identification(), "SSH-2.0-Fairlead");
  pair.client.engine.request_password("alice", as_bytes("wrong"));
  pair.run();
  EXPECT_THAT(pair.client.take_log(), Contains("auth-failed publickey,password"));
  EXPECT_FALSE(pair.server.engine.authenticated());
  pair.client.engine.request_password("alice", as_bytes("secret"));
  pair.run();
  EXPECT_THAT(pair.client.take_log(), ElementsAre("auth-ok"));
  EXPECT_TRUE(pair.server.engine.authenticated());
  EXPECT_TRUE(pair.client.engine.authenticated());
  EXPECT_THAT(pair.attempts, ElementsAre("password wrong", "password secret"));
}

TEST(EngineLogin, ByKeyAfterAQueryThatLogsNobodyIn) {
  LoginPair pair;
  pair.run();
  const PublicKey& key = user_key().public_key();
  pair.client.engine.request_public_key("alice", key.blob(), "ssh-ed25519");
  pair.run();
  EXPECT_THAT(pair.client.take_log(), Contains("auth-query-ok"));
  EXPECT_FALSE(pair.server.engine.authenticated());
  const auto challenge = pair.client.engine.public_key_challenge("alice", key.blob(), "ssh-ed25519");
  pair.client.engine.request_public_key_signed("alice", key.blob(), "ssh-ed25519",
                                               *user_key().sign("ssh-ed25519", challenge));
  pair.run();
  EXPECT_THAT(pair.client.take_log(), ElementsAre("auth-ok"));
  EXPECT_THAT(pair.attempts, ElementsAre("query", "key"));
}

TEST(EngineLogin, AnotherKeysSignatureIsRefusedWithoutAsking) {
  LoginPair pair;
  pair.run();
  const PublicKey& key = user_key().public_key();
  const auto challenge = pair.client.engine.public_key_challenge("alice", key.blob(), "ssh-ed25519");
  pair.client.engine.request_public_key_signed("alice", key.blob(), "ssh-ed25519",
                                               *host_key().sign("ssh-ed25519", challenge));
  pair.run();
  EXPECT_FALSE(pair.server.engine.authenticated());
  EXPECT_THAT(pair.attempts, IsEmpty());
  EXPECT_THAT(pair.server.log, Contains("auth-refused publickey"));
}

TEST(EngineLogin, SixFailuresEndTheConnection) {
  LoginPair pair;
  pair.run();
  for (int i = 0; i < 10; ++i) {
    pair.client.engine.request_password("alice", as_bytes("wrong"));
    pair.run();
  }
  EXPECT_EQ(pair.attempts.size(), limits::auth_failures);
  ASSERT_TRUE(pair.server.error);
  EXPECT_EQ(pair.server.error->code, Errc::too_many_auth_attempts);
  EXPECT_THAT(pair.client.log, Contains("disconnected 2 Too many authentication failures"));
}

// A session as `ssh host cat` has it.
void expect_session(LoginPair& pair, const LoginPair::Cut& cut) {
  pair.log_in(cut);
  ASSERT_TRUE(pair.client.engine.authenticated());
  ASSERT_EQ(*pair.client.engine.open_channel("session", {}), 0U);
  pair.run(cut);
  EXPECT_THAT(pair.server.take_log(), ElementsAre("open 0 session"));
  pair.server.engine.confirm_open(0);
  pair.run(cut);
  pair.client.engine.send_request(0, "exec", true, ExecRequest{"cat"}.encode());
  pair.run(cut);
  EXPECT_THAT(pair.server.take_log(), ElementsAre("request 0 exec want"));
  pair.server.engine.reply(0, pair.server.tickets.back(), true);
  EXPECT_EQ(pair.client.engine.send_data(0, DataType::standard, as_bytes("hello")), 5U);
  pair.client.engine.send_eof(0);
  pair.run(cut);
  EXPECT_THAT(pair.server.take_log(), ElementsAre("data 0 hello", "eof 0"));
  pair.server.engine.send_data(0, DataType::standard, as_bytes("hello"));
  pair.server.engine.send_data(0, DataType::stderr_, as_bytes("oops"));
  pair.server.engine.send_eof(0);
  pair.server.engine.send_request(0, "exit-status", false, ExitStatusRequest{3}.encode());
  pair.server.engine.close_channel(0);
  pair.run(cut);
  EXPECT_THAT(pair.client.take_log(),
              ElementsAre("confirmed 0", "reply 0 ok", "data 0 hello", "stderr 0 oops", "eof 0",
                          "request 0 exit-status", "closed 0"));
  pair.client.engine.close_channel(0);
  pair.run(cut);
  EXPECT_THAT(pair.server.take_log(), ElementsAre("closed 0"));
  pair.client.engine.disconnect(DisconnectReason::by_application, "bye");
  pair.run(cut);
  EXPECT_THAT(pair.server.take_log(), ElementsAre("disconnected 11 bye"));
}

TEST(EngineSession, Whole) {
  LoginPair pair;
  expect_session(pair, [] { return SIZE_MAX; });
}

TEST(EngineSession, ByteByByte) {
  LoginPair pair;
  expect_session(pair, [] { return std::size_t{1}; });
}

TEST(EngineSession, InRandomPieces) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    LoginPair pair;
    expect_session(pair, [&] { return std::uniform_int_distribution<std::size_t>(1, 300)(random); });
  }
}

// Every cipher with every MAC, cut as badly as can be.
TEST(EngineSession, EveryCipherAndMacInAnyPieces) {
  for (const CipherInfo& cipher : cipher_infos())
    for (const MacInfo& mac : mac_infos()) {
      if (cipher.aead && &mac != mac_infos().data()) continue;
      SCOPED_TRACE(std::string(cipher.name) + ' ' + std::string(mac.name));
      EngineConfig config = client_engine_config();
      config.algorithms.ciphers = {std::string(cipher.name)};
      config.algorithms.macs = {std::string(mac.name)};
      LoginPair by_one(server_engine_config(), config);
      expect_session(by_one, [] { return std::size_t{1}; });
      std::mt19937 random(static_cast<unsigned>(cipher.name.size() + mac.name.size()));
      LoginPair by_chance(server_engine_config(), config);
      expect_session(by_chance, [&] { return std::uniform_int_distribution<std::size_t>(1, 100)(random); });
      EXPECT_NE(by_chance.server.engine.negotiated().find(cipher.name), std::string::npos);
    }
}

std::byte pattern(int side, std::size_t offset) {
  return static_cast<std::byte>((offset * 2654435761U >> 13) + static_cast<std::size_t>(side));
}

// One side of a transfer in both directions.
struct Copier {
  void on(const EngineEvent& told, Engine& engine) {
    if (const auto* data = std::get_if<event::ChannelData>(&told)) {
      for (std::size_t i = 0; i < data->data.size(); ++i)
        good = good && data->data[i] == pattern(1 - side, received + i);
      received += data->data.size();
      engine.consumed(0, data->data.size());
    }
    if (std::holds_alternative<event::Writable>(told)) ++writables;
  }

  void send(Engine& engine, std::size_t total) {
    while (sent < total) {
      const MutableBytes slot = engine.prepare_data(0, DataType::standard, total - sent);
      if (slot.empty()) return;
      for (std::size_t i = 0; i < slot.size(); ++i) slot[i] = pattern(side, sent + i);
      engine.commit_data(slot.size());
      sent += slot.size();
    }
  }

  int side;
  std::size_t sent = 0, received = 0;
  int writables = 0;
  bool good = true;
};

// Logs in and opens channel 0 of both.
void open_session(LoginPair& pair) {
  pair.log_in();
  ASSERT_TRUE(pair.client.engine.open_channel("session", {}));
  pair.run();
  pair.server.engine.confirm_open(0);
  pair.run();
}

TEST(EngineSession, TenMegabytesBothWaysWithNewKeysEvery64KiB) {
  EngineConfig server_config = server_engine_config(), client_config = client_engine_config();
  server_config.rekey_bytes = client_config.rekey_bytes = 64 * 1024;
  LoginPair pair(std::move(server_config), std::move(client_config));
  ASSERT_NO_FATAL_FAILURE(open_session(pair));

  constexpr std::size_t total = 10'000'000;
  Copier server{.side = 0}, client{.side = 1};
  pair.on_server_event = [&](const EngineEvent& told) { server.on(told, pair.server.engine); };
  pair.on_client_event = [&](const EngineEvent& told) { client.on(told, pair.client.engine); };
  std::mt19937 random(1);
  const auto cut = [&] { return std::uniform_int_distribution<std::size_t>(1, 100'000)(random); };
  for (int round = 0; round < 2000 && (server.received < total || client.received < total); ++round) {
    server.send(pair.server.engine, total);
    client.send(pair.client.engine, total);
    pair.run(cut);
    ASSERT_FALSE(pair.server.error) << to_string(*pair.server.error);
    ASSERT_FALSE(pair.client.error) << to_string(*pair.client.error);
    (void)pair.server.take_log();
    (void)pair.client.take_log();
  }
  EXPECT_EQ(server.received, total);
  EXPECT_EQ(client.received, total);
  EXPECT_TRUE(server.good);
  EXPECT_TRUE(client.good);
  EXPECT_GT(pair.rekeys, 100);
  EXPECT_GT(server.writables, 0);
}

// KX-8: by time, by one side or by both at the same moment, which then cross.
TEST(EngineSession, NewKeysByTimeWhileDataFlowsBothWays) {
  using std::chrono::minutes;
  enum class By { server, client, both };
  for (const By by : {By::server, By::client, By::both}) {
    EngineConfig server_config = server_engine_config(), client_config = client_engine_config();
    server_config.rekey_interval = by == By::client ? minutes(0) : minutes(10);
    client_config.rekey_interval = by == By::server ? minutes(0) : minutes(10);
    LoginPair pair(std::move(server_config), std::move(client_config));
    ASSERT_NO_FATAL_FAILURE(open_session(pair));
    constexpr std::size_t total = 300'000;
    Copier server{.side = 0}, client{.side = 1};
    pair.on_server_event = [&](const EngineEvent& told) { server.on(told, pair.server.engine); };
    pair.on_client_event = [&](const EngineEvent& told) { client.on(told, pair.client.engine); };
    Engine::Clock::time_point now{};
    for (int round = 0; round < 30; ++round, now += minutes(4)) {
      server.send(pair.server.engine, std::min(total, server.sent + 10'000));
      client.send(pair.client.engine, std::min(total, client.sent + 10'000));
      pair.server.engine.check_rekey(now);
      pair.client.engine.check_rekey(now);
      pair.now = now;
      pair.run([] { return std::size_t{777}; });
      ASSERT_FALSE(pair.server.error) << to_string(*pair.server.error);
      ASSERT_FALSE(pair.client.error) << to_string(*pair.client.error);
    }
    EXPECT_EQ(server.received, total);
    EXPECT_EQ(client.received, total);
    EXPECT_TRUE(server.good && client.good);
    EXPECT_GE(pair.rekeys, 9);
    EXPECT_LE(pair.rekeys, 11);
  }
}

TEST(EngineSession, ControlMessagesWaitForTheEndOfAKeyExchange) {
  LoginPair pair;
  ASSERT_NO_FATAL_FAILURE(open_session(pair));
  (void)pair.client.take_log();

  pair.server.engine.start_rekey();
  EXPECT_EQ(pair.server.engine.writable(0), 0U);
  EXPECT_EQ(pair.server.engine.send_data(0, DataType::standard, as_bytes("no")), 0U);
  pair.server.engine.send_request(0, "exit-status", false, ExitStatusRequest{0}.encode());
  pair.server.engine.send_eof(0);
  pair.server.engine.close_channel(0);
  pair.run();
  EXPECT_THAT(pair.client.take_log(),
              ElementsAre("writable all", "rekeyed", "request 0 exit-status", "eof 0", "closed 0"));
  EXPECT_THAT(pair.server.take_log(), Contains("writable all"));
}

TEST(EngineSession, StandardErrorFromAClientIsDroppedWithItsCredit) {
  EngineConfig server_config = server_engine_config();
  server_config.window = 1000;
  LoginPair pair(std::move(server_config));
  ASSERT_NO_FATAL_FAILURE(open_session(pair));
  (void)pair.server.take_log();
  std::size_t sent = 0;
  for (int i = 0; i < 20; ++i) {
    sent += pair.client.engine.send_data(0, DataType::stderr_, as_bytes(std::string(900, 'x')));
    pair.run();
  }
  EXPECT_GT(sent, 5000U);
  EXPECT_THAT(pair.server.log, IsEmpty());
  EXPECT_FALSE(pair.server.error);
}

TEST(EngineBeforeLogin, OffersNoChannels) {
  LoginPair pair;
  pair.run();
  EXPECT_FALSE(pair.client.engine.open_channel("session", {}));
  EXPECT_FALSE(pair.server.engine.open_channel("session", {}));
  pair.client.engine.send_global_request("x", true, {});
  pair.client.engine.send_eof(0);
  EXPECT_TRUE(pair.client.engine.output().empty());
}

// A client that speaks the transport layer well and then sends what it likes.
struct RawClient {
  RawClient()
      : config(client_engine_config()),
        transport(config, system_random()),
        server(Engine(std::make_shared<EngineConfig>(server_engine_config()), system_random())) {
    server.on_event = [this](const EngineEvent& told) {
      if (const auto* wanted = std::get_if<event::SignatureWanted>(&told))
        server.engine.host_signature(*host_key().sign(wanted->algorithm, wanted->exchange_hash));
      if (std::holds_alternative<event::AuthAttempt>(told)) {
        ++attempts;
        server.engine.accept_auth();
      }
    };
    run();
    numbers.clear();
  }

  void log_in() {
    transport.send(make_message([](WireWriter& w) {
      w.byte(msg::userauth_request)
          .string(std::string_view("alice"))
          .string(std::string_view("ssh-connection"));
      w.string(std::string_view("password")).boolean(false).string(std::string_view("x"));
    }));
    run();
    transport.set_authenticated();
    numbers.clear();
    attempts = 0;
  }

  void run() {
    for (bool moved = true; moved;) {
      moved = !transport.output().empty();
      server.receive(std::exchange(transport.output(), {}).readable());
      inbox.append(std::exchange(server.engine.output(), {}).readable());
      MutableBytes input = inbox.readable();
      const std::size_t before = input.size();
      for (;;) {
        auto step = transport.next(input, {});
        if (!step) break;
        if (const auto* told = std::get_if<EngineEvent>(&*step)) {
          if (std::holds_alternative<event::HostKeyOffered>(*told)) transport.accept_host_key();
          if (std::holds_alternative<event::Disconnected>(*told)) numbers.push_back(msg::disconnect);
          if (std::holds_alternative<event::NeedMore>(*told)) break;
        } else {
          numbers.push_back(std::to_integer<int>(std::get<Transport::Message>(*step).payload[0]));
        }
      }
      inbox.consume(before - input.size());
      moved = moved || !transport.output().empty();
    }
  }

  EngineConfig config;
  SecureTransport transport;
  Speaker server;
  ByteBuffer inbox;
  std::vector<int> numbers;  // of what the server sent
  int attempts = 0;
};

std::vector<std::byte> valid_message(std::uint8_t number) {
  return make_message([&](WireWriter& w) {
    w.byte(number);
    switch (number) {
      case msg::global_request:
        w.string(std::string_view("keepalive@openssh.com")).boolean(true);
        break;
      case msg::channel_open:
        w.string(std::string_view("session")).u32(0).u32(1000).u32(1000);
        break;
      case msg::channel_open_confirmation:
        w.u32(0).u32(0).u32(1000).u32(1000);
        break;
      case msg::channel_open_failure:
        w.u32(0).u32(1).string(std::string_view("")).string(std::string_view(""));
        break;
      case msg::channel_window_adjust:
        w.u32(0).u32(1);
        break;
      case msg::channel_data:
        w.u32(0).string(std::string_view("x"));
        break;
      case msg::channel_extended_data:
        w.u32(0).u32(1).string(std::string_view("x"));
        break;
      case msg::channel_request:
        w.u32(0).string(std::string_view("exec")).boolean(true).string(std::string_view("id"));
        break;
      case msg::channel_eof:
      case msg::channel_close:
      case msg::channel_success:
      case msg::channel_failure:
        w.u32(0);
        break;
      default:
        break;
    }
  });
}

// Erlang CVE-2025-32433, libssh CVE-2018-10933: what only a logged-in client may send, and what only a server
// may, before the login. Nothing is told, nothing answered but DISCONNECT.
TEST(EngineBeforeLogin, EveryMessageFrom51To100Disconnects) {
  for (int number = 51; number <= 100; ++number) {
    SCOPED_TRACE(number);
    RawClient client;
    ASSERT_FALSE(client.server.error);
    (void)client.server.take_log();
    client.transport.send(valid_message(static_cast<std::uint8_t>(number)));
    client.run();
    ASSERT_TRUE(client.server.error);
    EXPECT_EQ(client.server.error->code, Errc::unexpected_message);
    EXPECT_THAT(client.numbers, ElementsAre(msg::disconnect));
    EXPECT_THAT(client.server.log, IsEmpty());
    EXPECT_FALSE(client.server.engine.authenticated());
    EXPECT_EQ(client.attempts, 0);
  }
}

TEST(EngineAfterLogin, MessagesOfUserAuthenticationHaveNoEffect) {
  RawClient client;
  client.log_in();
  ASSERT_TRUE(client.server.engine.authenticated());
  client.transport.send(make_message([](WireWriter& w) {
    w.byte(msg::userauth_request).string(std::string_view("root")).string(std::string_view("ssh-connection"));
    w.string(std::string_view("none"));
  }));
  client.transport.send(valid_message(msg::global_request));
  client.run();
  EXPECT_THAT(client.numbers, IsEmpty());
  EXPECT_EQ(client.attempts, 0);
  EXPECT_THAT(client.server.log, Contains("global keepalive@openssh.com want"));
  for (int number = 51; number <= 79; ++number) {
    RawClient again;
    again.log_in();
    again.transport.send(valid_message(static_cast<std::uint8_t>(number)));
    again.run();
    // 51 to 53 answer a login, which is over. The others belong to methods, of which none is under way: what
    // is answered to them is the state table's matter.
    EXPECT_EQ(again.server.error.has_value(), number <= 53) << number;
    EXPECT_EQ(again.numbers.empty(), number > 53) << number;
    EXPECT_EQ(again.attempts, 0) << number;
  }
}

TEST(EngineAfterLogin, ConnectionMessagesAreServedOrRefusedByTheirOwnRules) {
  for (int number = 80; number <= 100; ++number) {
    SCOPED_TRACE(number);
    RawClient client;
    client.log_in();
    client.transport.send(valid_message(static_cast<std::uint8_t>(number)));
    client.run();
    const bool harmless = number <= 82 || number == msg::channel_open || number == msg::channel_window_adjust;
    const bool unknown = number > 82 && number < 90;
    EXPECT_EQ(client.server.error.has_value(), !harmless && !unknown);
    if (!harmless && !unknown) {
      EXPECT_EQ(client.server.error->code, Errc::unknown_channel);
    }
  }
}

TEST(EngineMemory, EventsOfTheLoginStayValidUntilTheNextCall) {
  EngineConfig config = server_engine_config();
  LoginPair pair(std::move(config));
  std::string user;
  pair.on_server_event = [&](const EngineEvent& told) {
    // accept_auth() has been called already: the connection protocol exists, and the login's views must still
    // live.
    if (const auto* attempt = std::get_if<event::AuthAttempt>(&told)) user = attempt->user;
  };
  pair.log_in();
  EXPECT_EQ(user, "alice");
}

}  // namespace
}  // namespace fairlead::ssh::test
