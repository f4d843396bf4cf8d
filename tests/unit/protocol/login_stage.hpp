// SPDX-License-Identifier: Apache-2.0
// A server engine that offers everything, and a client that sends any payload after the key exchange.
#pragma once

#include "protocol/message_numbers.hpp"
#include "support/ssh_peers.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace fairlead::ssh::test {

inline EngineConfig all_methods() {
  EngineConfig config = server_config();
  config.auth_methods = {"publickey", "password", "keyboard-interactive", "gssapi-with-mic"};
  return config;
}

// Nothing is decided but by the test.
struct LoginStage {
  explicit LoginStage(EngineConfig config = all_methods(), Splitter how = {})
      : server(std::move(config)), client(client_config()), splitter(how) {
    server.host_keys.push_back(test_key());
    server.decides = false;
    carry();
    server.clear_log();
  }
  void carry() { pump(server, client, splitter); }
  template <class... Payloads>
  void send(const Payloads&... payloads) {
    (client.transport().send(payloads), ...);
    carry();
  }
  // What the server has sent since the last call.
  std::vector<std::vector<std::byte>> answers() { return std::exchange(client.messages(), {}); }
  std::vector<int> answer_numbers() {
    std::vector<int> numbers = client.numbers();
    client.messages().clear();
    return numbers;
  }
  std::vector<std::string> told() {
    auto log = server.log();
    server.clear_log();
    return log;
  }
  [[nodiscard]] Errc error() const { return server.failure(); }
  [[nodiscard]] Engine& engine() { return server.engine(); }

  EnginePeer server;
  TransportPeer client;
  Splitter splitter;
};

// Our server and our client, ready to log in.
struct TwoEngines {
  explicit TwoEngines(EngineConfig config) : server(std::move(config)), client(client_config(), 3) {
    server.host_keys.push_back(test_key());
    run();
    client.clear_log();
    server.clear_log();
  }
  void run() { pump(server, client); }
  EnginePeer server, client;
};

// Verdicts among the numbers of answers.
inline constexpr int failed = msg::userauth_failure, success = msg::userauth_success;

inline Payload auth_request(std::string_view method, std::string_view user = "alice") {
  return {msg::userauth_request, user, std::string_view("ssh-connection"), method};
}
inline Payload keyboard_interactive_request(std::string_view user = "alice") {
  Payload payload = auth_request("keyboard-interactive", user);
  payload.add("").add("");
  return payload;
}
inline Payload info_response(std::initializer_list<std::string_view> answers) {
  Payload payload(msg::userauth_info_response, static_cast<std::uint32_t>(answers.size()));
  for (const std::string_view answer : answers) payload.add(answer);
  return payload;
}

}  // namespace fairlead::ssh::test
