// SPDX-License-Identifier: Apache-2.0
// User authentication without keys below it: requests of a hostile client with an owner who decides as the
// input says, and (odd first byte) answers of a hostile server. SUCCESS comes exactly when an attempt that is
// no query was accepted.
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/user_auth_client.hpp"
#include "protocol/user_auth_server.hpp"
#include "support/certificate_maker.hpp"

#include <fairlead/ssh/limits.hpp>

#include <vector>

using namespace fairlead::ssh;
using fuzz::FuzzInput;
using fuzz::require;

namespace {

// Packets in the clear with a login on top.
class PlainTransport final : public Transport {
 public:
  [[nodiscard]] bool authenticated() const noexcept override { return authenticated_; }
  void set_authenticated() noexcept override { authenticated_ = true; }

 private:
  bool authenticated_ = false;
};

const PublicKey& some_key() {
  static const PublicKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value().public_key();
  return key;
}

const Certificate& some_certificate() {
  static const auto authority = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  static const Certificate certificate = test::make_certificate({}, some_key(), authority);
  return certificate;
}

// The numbers of the messages that have been sent in the clear; takes them away.
std::vector<std::uint8_t> take_numbers(Transport& transport) {
  std::vector<std::uint8_t> numbers;
  PacketReader reader;
  MutableBytes input = transport.output().readable();
  for (auto packet = reader.next(input); packet && *packet; packet = reader.next(input))
    numbers.push_back(std::to_integer<std::uint8_t>((*packet)->payload[0]));
  require(input.empty());
  transport.output().clear();
  return numbers;
}

// A request: raw bytes, or a well-formed beginning with the input's fields behind it.
std::vector<std::byte> make_request(FuzzInput& input) {
  static constexpr const char* methods[] = {"none", "password", "publickey",
                                            "publickey-hostbound-v00@openssh.com", "x"};
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
  }
  writer.raw(input.take(input.number() % 2048));
  return {buffer.readable().begin(), buffer.readable().end()};
}

void hostile_client(FuzzInput input) {
  EngineConfig config;
  config.auth_methods = {"publickey", "password"};
  PlainTransport transport;
  UserAuthServer server(config, transport);
  unsigned requests = 0;
  bool accepted = false;
  while (!input.empty() && !accepted && !transport.ended()) {
    auto request = make_request(input);
    const auto told = server.on_message(request);
    if (!told) return;
    require(++requests <= limits::auth_requests);
    require(told->has_value());  // each request is asked about or refused
    const auto* attempt = std::get_if<event::AuthAttempt>(&**told);
    if (attempt != nullptr) {
      require(!attempt->key || !attempt->certificate);
      require(attempt->user == "alice" || attempt->user == "bob" ||
              attempt->user.size() <= limits::user_name);
      require(attempt->password.size() <= limits::password);
      const std::uint8_t decision = input.byte();
      accepted = decision % 3 == 0 && !attempt->query;
      if (decision % 3 == 0) server.accept();
      if (decision % 3 == 1) server.reject(false);
      if (decision % 3 == 2) server.reject(true);
      server.accept();  // nothing is pending any more
    }
    const auto answers = take_numbers(transport);
    require(answers.size() == 1 || transport.ended());
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
    payload[0] = std::byte{static_cast<std::uint8_t>(50 + (choice >> 3 & 15))};
    const Bytes rest = input.take(input.byte());
    payload.insert(payload.end(), rest.begin(), rest.end());
    const bool was_in = transport.authenticated();
    const auto told = client.on_message(payload);
    if (!told) return;
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
