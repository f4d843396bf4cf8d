// SPDX-License-Identifier: Apache-2.0
// A server engine and a client engine in memory, with everything between them: keys, login, any way of
// cutting the bytes.
#pragma once

#include "crypto/random.hpp"
#include "unit/protocol/engine_log.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::ssh::test {

inline const PrivateKey& host_key() {
  static const PrivateKey key = *PrivateKey::generate(PrivateKey::Type::ed25519);
  return key;
}
inline const PrivateKey& user_key() {
  static const PrivateKey key = *PrivateKey::generate(PrivateKey::Type::ed25519);
  return key;
}

inline EngineConfig server_engine_config() {
  EngineConfig config;
  config.role = Role::server;
  config.host_keys = {host_key().public_key()};
  config.auth_methods = {"publickey", "password"};
  return config;
}
inline EngineConfig client_engine_config() {
  EngineConfig config;
  config.role = Role::client;
  return config;
}

// The server admits alice with the password "secret" or with user_key().
class LoginPair {
 public:
  using Cut = std::function<std::size_t()>;  // how many bytes travel next

  explicit LoginPair(EngineConfig server_config = server_engine_config(),
                     EngineConfig client_config = client_engine_config())
      : server(Engine(std::make_shared<EngineConfig>(std::move(server_config)), system_random())),
        client(Engine(std::make_shared<EngineConfig>(std::move(client_config)), system_random())) {
    server.on_event = [this](const EngineEvent& told) { serve(told); };
    client.on_event = [this](const EngineEvent& told) { use(told); };
  }

  // Until both are silent.
  void run(const Cut& cut = [] { return SIZE_MAX; }) {
    for (bool moved = true; moved;) {
      moved = move_some(client, server, cut());
      moved = move_some(server, client, cut()) || moved;
    }
  }

  // Ready to authenticate, then logged in with the password.
  void log_in(const Cut& cut = [] { return SIZE_MAX; }) {
    run(cut);
    client.engine.request_password("alice", as_bytes("secret"));
    run(cut);
    (void)server.take_log();
    (void)client.take_log();
  }

  Speaker server, client;
  std::vector<std::string> attempts;  // what the server was asked
  int rekeys = 0;                     // seen by the server
  Engine::Clock::time_point now{};    // of both
  std::function<void(const EngineEvent&)> on_server_event, on_client_event;

 private:
  bool move_some(Speaker& from, Speaker& to, std::size_t size) const {
    ByteBuffer& output = from.engine.output();
    if (output.empty() || to.error) {
      output.clear();
      return false;
    }
    const Bytes piece = Bytes(output.readable()).first(std::min(size, output.size()));
    const std::vector<std::byte> travelling(piece.begin(), piece.end());
    output.consume(travelling.size());
    if (output.empty()) from.engine.output_taken();
    to.receive(travelling, now);
    return true;
  }

  void serve(const EngineEvent& told) {
    if (const auto* wanted = std::get_if<event::SignatureWanted>(&told)) {
      server.engine.host_signature(*host_key().sign(wanted->algorithm, wanted->exchange_hash));
    } else if (const auto* attempt = std::get_if<event::AuthAttempt>(&told)) {
      decide(*attempt);
    } else if (const auto* keys = std::get_if<event::KeysReady>(&told)) {
      rekeys += keys->first ? 0 : 1;
    }
    if (on_server_event) on_server_event(told);
  }

  void decide(const event::AuthAttempt& attempt) {
    using Method = event::AuthAttempt::Method;
    const bool alice = attempt.user == "alice";
    switch (attempt.method) {
      case Method::none:
        attempts.emplace_back("none");
        return server.engine.reject_auth();
      case Method::password:
        attempts.push_back("password " + to_string(attempt.password));
        if (alice && as_text(attempt.password) == "secret") return server.engine.accept_auth();
        return server.engine.reject_auth();
      case Method::keyboard_interactive:
      case Method::gssapi:
        return server.engine.reject_auth();
      case Method::publickey:
        attempts.emplace_back(attempt.query ? "query" : "key");
        if (!alice || *attempt.key != user_key().public_key()) return server.engine.reject_auth();
        if (attempt.query) return server.engine.accept_auth_query();
        return server.engine.accept_auth();
    }
  }

  void use(const EngineEvent& told) {
    if (std::holds_alternative<event::HostKeyOffered>(told)) client.engine.accept_host_key();
    if (on_client_event) on_client_event(told);
  }
};

}  // namespace fairlead::ssh::test
