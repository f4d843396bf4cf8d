// SPDX-License-Identifier: Apache-2.0
// accept() and connect() against one another over loopback TCP.
#pragma once

#include "unit/ssh/loop.hpp"

#include <fairlead/ssh/client.hpp>

#include <boost/asio/ip/tcp.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::ssh::test {

inline std::pair<asio::ip::tcp::socket, asio::ip::tcp::socket> tcp_pair(asio::io_context& io) {
  using asio::ip::tcp;
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  tcp::socket client(io), server(io);
  client.connect(acceptor.local_endpoint());
  acceptor.accept(server);
  return {std::move(server), std::move(client)};
}

inline PrivateKey make_key(PrivateKey::Type type = PrivateKey::Type::ed25519) {
  return PrivateKey::generate(type).value();
}

// Admits alice with "secret" or with `key`, and writes down what it was asked.
class TestAuthenticator : public Authenticator {
 public:
  [[nodiscard]] std::vector<std::string> methods() const override { return {"publickey", "password"}; }
  [[nodiscard]] Task<Verdict> password(const AuthContext& context, Bytes password) override {
    asked.push_back("password " + context.user + " " + to_string(password));
    if (fails) throw std::runtime_error("backend down");
    if (context.user != "alice" || as_text(password) != "secret") co_return Verdict::refused;
    co_return both_needed && !key_seen ? Verdict::partial : Verdict::accepted;
  }
  [[nodiscard]] Task<Verdict> public_key(const AuthContext& context, const PublicKey& shown,
                                         bool verified) override {
    asked.push_back(std::string(verified ? "verified " : "query ") + context.user + " " +
                    std::string(shown.type()));
    last_context = context;
    if (context.user != "alice" || !key || !(shown == *key)) co_return Verdict::refused;
    key_seen = key_seen || verified;
    co_return both_needed ? Verdict::partial : Verdict::accepted;
  }

  [[nodiscard]] std::string explanation(const AuthContext& /*context*/) override {
    return std::exchange(explains, {});
  }

  std::optional<PublicKey> key;
  std::string explains;  // the next refusal
  bool fails = false;
  bool both_needed = false;
  bool key_seen = false;
  AuthContext last_context;
  std::vector<std::string> asked;
};

struct LoginOutcome {
  std::optional<AcceptedServerConnection> server;
  std::optional<AcceptedConnection> client;
  std::optional<Error> server_error, client_error;
};

// A server and a client that know one another; change what the test is about, then run().
class LoginPair {
 public:
  LoginPair() {
    const auto host_key = make_key();
    server->host_keys = local_host_keys({host_key});
    server->authenticator = authenticator;
    server->on_event = [events = events](std::string_view event, std::string_view detail) {
      events->push_back(std::string(event) + ": " + std::string(detail));
    };
    client->user = "alice";
    client->accept_host_key = [expected = host_key.public_key()](const PublicKey& key) {
      return key == expected;
    };
    client->password = "secret";
  }

  [[nodiscard]] Task<> run(LoginOutcome& outcome) {
    const auto executor = co_await asio::this_coro::executor;
    auto sockets = tcp_pair(static_cast<asio::io_context&>(asio::query(executor, asio::execution::context)));
    TaskScope scope(executor);
    scope.spawn(serve(std::move(sockets.first), server, outcome));
    scope.spawn(log_in(std::move(sockets.second), client, outcome));
    co_await scope.join();
  }

  // One side alone.
  static Task<> serve(asio::ip::tcp::socket socket, std::shared_ptr<const ServerConfig> config,
                      LoginOutcome& outcome) {
    try {
      outcome.server.emplace(co_await accept(std::move(socket), std::move(config)));
    } catch (const ConnectionError& error) {
      outcome.server_error = error.error();
    }
  }
  static Task<> log_in(asio::ip::tcp::socket socket, std::shared_ptr<const ClientConfig> config,
                       LoginOutcome& outcome) {
    try {
      outcome.client.emplace(co_await connect(std::move(socket), std::move(config)));
    } catch (const ConnectionError& error) {
      outcome.client_error = error.error();
    }
  }

  std::shared_ptr<ServerConfig> server = std::make_shared<ServerConfig>();
  std::shared_ptr<ClientConfig> client = std::make_shared<ClientConfig>();
  std::shared_ptr<TestAuthenticator> authenticator = std::make_shared<TestAuthenticator>();
  std::shared_ptr<std::vector<std::string>> events = std::make_shared<std::vector<std::string>>();
};

// One login: change `pair`, then look at what came of it.
class LoginTest : public testing::Test {
 protected:
  void log_in() { loop.run(pair.run(outcome)); }
  Loop loop;
  LoginPair pair;
  LoginOutcome outcome;
};

}  // namespace fairlead::ssh::test
