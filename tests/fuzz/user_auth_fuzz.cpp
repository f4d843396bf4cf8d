// SPDX-License-Identifier: Apache-2.0
// User authentication without keys below it: requests of a hostile client with an owner who decides as the
// input says, and (odd first byte) answers of a hostile server. SUCCESS comes exactly when an attempt that is
// no query, a dialogue or a MIC was accepted.
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/user_auth_client.hpp"
#include "protocol/user_auth_server.hpp"
#include "support/certificate_maker.hpp"
#include "support/plain_transport.hpp"

#include <fairlead/ssh/limits.hpp>

#include <vector>

using namespace fairlead::ssh;
using fuzz::FuzzInput;
using fuzz::require;
using test::PlainTransport;

namespace {

const PublicKey& some_key() {
  static const PublicKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value().public_key();
  return key;
}

const Certificate& some_certificate() {
  static const auto authority = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  static const Certificate certificate = test::make_certificate({}, some_key(), authority);
  return certificate;
}

// The numbers of the messages that have been sent; takes them away.
std::vector<std::uint8_t> take_numbers(PlainTransport& transport) {
  std::vector<std::uint8_t> numbers;
  for (const auto& payload : transport.take_sent())
    numbers.push_back(std::to_integer<std::uint8_t>(payload[0]));
  return numbers;
}

// A request: raw bytes, or a well-formed beginning with the input's fields behind it.
std::vector<std::byte> make_request(FuzzInput& input) {
  static constexpr const char* methods[] = {"none",
                                            "password",
                                            "publickey",
                                            "publickey-hostbound-v00@openssh.com",
                                            "x",
                                            "keyboard-interactive",
                                            "gssapi-with-mic"};
  ByteBuffer buffer;
  WireWriter writer(buffer);
  writer.byte(msg::userauth_request);
  const std::uint8_t choice = input.byte();
  if (choice < 128) {
    const std::string_view method = methods[choice % std::size(methods)];
    writer.string((choice & 64) != 0 ? "alice" : "bob").string("ssh-connection").string(method);
    if (method.starts_with("publickey")) {
      const bool certified = (choice & 12) == 12;
      writer.byte(choice >> 4 & 3).string(certified ? some_certificate().type() : some_key().type());
      if (certified)
        writer.string(some_certificate().blob());
      else
        writer.string((choice & 8) != 0 ? some_key().blob() : input.take(input.byte()));
      if (method.size() > 9) writer.string(Bytes{});
    }
    if (method.starts_with("keyboard")) writer.string("").string("");
  }
  writer.raw(input.take(input.number() % 2048));
  return {buffer.readable().begin(), buffer.readable().end()};
}

// A message of a dialogue: its number and the input's fields.
std::vector<std::byte> make_dialogue_message(FuzzInput& input) {
  std::vector<std::byte> message{static_cast<std::byte>(60 + input.byte() % 8)};
  const Bytes rest = input.take(input.number() % 2048);
  message.insert(message.end(), rest.begin(), rest.end());
  return message;
}

PromptRound make_round(std::uint8_t count) {
  PromptRound round;
  for (unsigned i = 0; i < count % 4U; ++i) round.prompts.emplace_back("? ");
  return round;
}

// An owner of a server who answers as the input says.
class Owner {
 public:
  explicit Owner(UserAuthServer& server) : server_(server) {}

  // Whether this decision logs in.
  bool decide(const EngineEvent& told, FuzzInput& input) {
    const auto* attempt = std::get_if<event::AuthAttempt>(&told);
    using Method = event::AuthAttempt::Method;
    if (attempt != nullptr) {
      check(*attempt);
      prompts_ = attempt->method == Method::keyboard_interactive;
      if (attempt->method == Method::gssapi) return decide_gssapi(input);
      return decide_attempt(!attempt->query, input);
    }
    if (const auto* answers = std::get_if<event::AuthAnswers>(&told)) {
      require(answers->answers.size() == asked_ && asked_ <= limits::auth_prompts);
      for (const auto& answer : answers->answers) require(answer.size() <= limits::password);
      return decide_attempt(true, input);
    }
    if (std::holds_alternative<event::GssapiToken>(told)) return decide_gssapi(input);
    prompts_ = false;
    return std::holds_alternative<event::GssapiMic>(told) && decide_attempt(true, input);
  }

 private:
  static void check(const event::AuthAttempt& attempt) {
    require(attempt.user == "alice" || attempt.user == "bob" || attempt.user.size() <= limits::user_name);
    require(attempt.password.size() <= limits::password);
    require(attempt.mechanisms.size() <= limits::gssapi_mechanisms);
  }

  bool decide_attempt(bool can_log_in, FuzzInput& input) {
    const std::uint8_t decision = input.byte() % 4;
    if (decision == 0) server_.accept();
    if (decision == 1) server_.reject();
    if (decision == 2) server_.accept_partly({"publickey", "password", "keyboard-interactive"});
    if (decision == 3) {
      const PromptRound round = make_round(input.byte());
      asked_ = round.prompts.size();
      const bool asked = server_.prompt(round);
      require(!asked || prompts_);
      if (!asked) server_.reject();
    }
    server_.accept();  // nothing is pending any more
    return decision == 0 && can_log_in;
  }

  // No step of a mechanism logs in.
  bool decide_gssapi(FuzzInput& input) {
    const std::uint8_t decision = input.byte() % 6;
    if (decision == 0) server_.choose_gssapi(as_bytes("oid"));
    if (decision == 1) server_.continue_gssapi(as_bytes("token"), false);
    if (decision == 2) server_.continue_gssapi({}, true);
    if (decision == 3)
      server_.reject_gssapi({.token = {std::byte{1}}, .major = 1, .minor = 2, .message = "no"});
    if (decision >= 4) server_.accept();
    server_.reject();  // what was the wrong call for this step
    return false;
  }

  UserAuthServer& server_;
  std::size_t asked_ = 0;
  bool prompts_ = false;  // a dialogue is pending
};

void hostile_client(FuzzInput input) {
  EngineConfig config;
  config.auth_methods = {"publickey", "password", "keyboard-interactive", "gssapi-with-mic"};
  PlainTransport transport;
  UserAuthServer server(config, transport);
  Owner owner(server);
  unsigned requests = 0;
  bool accepted = false;
  while (!input.empty() && !accepted && !transport.ended()) {
    // As the table does: messages of a dialogue only while there is one.
    const bool go_on = transport.dialogue() != AuthDialogue::none && input.byte() % 4 != 0;
    auto message = go_on ? make_dialogue_message(input) : make_request(input);
    if (!go_on) require(++requests <= limits::auth_requests + 1);
    const auto told = server.on_message(message);
    if (!told) return;
    require(told->has_value());  // each message is asked about or refused
    const bool refused = std::holds_alternative<event::AuthRefused>(**told);
    if (const auto* attempt = std::get_if<event::AuthAttempt>(&**told))
      require(!attempt->key || !attempt->certificate);
    accepted = owner.decide(**told, input);
    const auto answers = take_numbers(transport);
    // One answer, but for a mechanism: its words come before the refusal, and an empty token is not sent.
    require(transport.ended() || go_on || refused || !answers.empty() ||
            transport.dialogue() == AuthDialogue::gssapi);
    require(answers.size() <= 3);
    for (const auto answer : answers) require((answer == msg::userauth_success) == accepted);
    require(transport.authenticated() == accepted);
  }
}

void hostile_server(FuzzInput input) {
  PlainTransport transport;
  UserAuthClient client(transport);
  while (!input.empty()) {
    std::vector<std::byte> payload{std::byte{50}};
    const std::uint8_t choice = input.byte();
    if ((choice & 1) != 0) client.request_none("alice");
    if ((choice & 2) != 0) client.request_password("alice", as_bytes("secret"));
    if ((choice & 4) != 0) client.request_public_key("alice", some_key().blob(), some_key().type());
    if ((choice & 7) == 0) client.request_keyboard_interactive("alice");
    payload[0] = std::byte{static_cast<std::uint8_t>(50 + (choice >> 3 & 15))};
    const Bytes rest = input.take(input.byte());
    payload.insert(payload.end(), rest.begin(), rest.end());
    const bool was_in = transport.authenticated();
    const auto told = client.on_message(payload);
    if (!told) return;
    if (told->has_value() && std::holds_alternative<event::AuthPrompts>(**told)) {
      const auto& round = std::get<event::AuthPrompts>(**told).round;
      require(round.prompts.size() <= limits::auth_prompts);
      const std::vector<SecretBytes> answers(round.prompts.size() + input.byte() % 2);
      client.answer_prompts(answers);
    }
    const bool success = told->has_value() && std::holds_alternative<event::AuthSucceeded>(**told);
    require(transport.authenticated() == (was_in || success));
    if (success) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  if ((input.byte() & 1) != 0)
    hostile_server(input);
  else
    hostile_client(input);
  return 0;
}
