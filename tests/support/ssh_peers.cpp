// SPDX-License-Identifier: Apache-2.0
// Driving both kinds of ends, and the pipe between them.
#include "support/ssh_peers.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <map>

namespace fairlead::ssh::test {

namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

std::string text(std::string_view name, auto... words) {
  std::string line(name);
  ((line += ' ', line += words), ...);
  return line;
}

}  // namespace

const PrivateKey& test_key(PrivateKey::Type type) {
  static std::map<PrivateKey::Type, PrivateKey> keys;
  const auto found = keys.find(type);
  if (found != keys.end()) return found->second;
  return keys.emplace(type, PrivateKey::generate(type).value()).first->second;
}

std::string describe(const EngineEvent& event) {
  const Overloaded visitor{
      [](const event::SignatureWanted& e) { return text("SignatureWanted", e.algorithm); },
      [](const event::HostKeyOffered& e) {
        return e.certificate ? text("HostKeyOffered", e.key.type(), "certificate")
                             : text("HostKeyOffered", e.key.type());
      },
      [](const event::KeysReady& e) { return text("KeysReady", e.first ? "first" : "again"); },
      [](const event::AuthAttempt& e) {
        switch (e.method) {
          case event::AuthAttempt::Method::none:
            return text("AuthAttempt none", e.user);
          case event::AuthAttempt::Method::password:
            return text("AuthAttempt password", e.user, as_text(e.password));
          case event::AuthAttempt::Method::publickey:
            if (e.use)
              return text("AuthAttempt publickey", e.user, e.algorithm,
                          e.use->touched ? "touched" : "untouched",
                          e.use->user_verified ? "verified" : "unverified");
            return text(e.query ? "AuthAttempt query" : "AuthAttempt publickey", e.user, e.algorithm);
          case event::AuthAttempt::Method::keyboard_interactive:
            return text("AuthAttempt keyboard-interactive", e.user);
          case event::AuthAttempt::Method::gssapi: {
            std::string line = text("AuthAttempt gssapi", e.user);
            for (const Bytes mechanism : e.mechanisms) line += " " + to_string(mechanism);
            return line;
          }
        }
        return std::string();
      },
      [](const event::AuthRefused& e) { return text("AuthRefused", e.user, e.method, e.reason); },
      [](const event::AuthSucceeded&) { return text("AuthSucceeded"); },
      [](const event::AuthFailed& e) {
        return text("AuthFailed", e.methods, e.partial_success ? "partial" : "");
      },
      [](const event::AuthQueryAccepted&) { return text("AuthQueryAccepted"); },
      [](const event::AuthPrompts& e) {
        std::string line = text("AuthPrompts", e.round.name, e.round.instruction);
        for (const Prompt& prompt : e.round.prompts) line += " " + prompt.text + (prompt.echo ? "+" : "-");
        return line;
      },
      [](const event::AuthAnswers& e) {
        std::string line = "AuthAnswers";
        for (const SecretBytes& answer : e.answers) line += " " + to_string(answer);
        return line;
      },
      [](const event::GssapiToken& e) { return text("GssapiToken", as_text(e.token)); },
      [](const event::GssapiMic& e) { return text("GssapiMic", as_text(e.mic)); },
      [](const event::AuthBanner& e) { return text("AuthBanner", e.text); },
      [](const event::Writable& e) { return text("Writable", e.channel ? "channel" : "all"); },
      [](const event::ChannelData& e) { return text("ChannelData", as_text(e.data)); },
      [](const event::Disconnected& e) {
        return text("Disconnected", std::to_string(static_cast<unsigned>(e.reason)), e.text);
      },
      [](const auto&) { return text("other"); },
  };
  return std::visit(visitor, event);
}

void Peer::receive(Bytes bytes) {
  inbox_.append(bytes);
  while (!error_) {
    MutableBytes input = inbox_.readable();
    const std::size_t before = input.size();
    const bool more = step(input).more;
    inbox_.consume(before - input.size());
    if (!more) return;
  }
}

std::vector<std::byte> Peer::take_output() {
  const Bytes bytes = output().readable();
  std::vector<std::byte> taken(bytes.begin(), bytes.end());
  output().consume(taken.size());
  return taken;
}

bool Peer::told(std::string_view event) const {
  return count(event) > 0;
}

std::size_t Peer::count(std::string_view event) const {
  return static_cast<std::size_t>(std::ranges::count(log_, event));
}

void Peer::on_event(const EngineEvent& event) {
  log_.push_back(describe(event));
  if (const auto* wanted = std::get_if<event::SignatureWanted>(&event); wanted != nullptr && signs)
    sign(host_keys.at(wanted->host_key).sign(wanted->algorithm, wanted->exchange_hash).value());
  if (std::holds_alternative<event::HostKeyOffered>(event) && accepts_host_key) accept_key();
}

EnginePeer::EnginePeer(EngineConfig config, std::uint64_t seed)
    : random_(seed), config_(std::make_shared<EngineConfig>(std::move(config))) {
  engine_.emplace(config_, random_);
}

Peer::Outcome EnginePeer::step(MutableBytes& input) {
  const auto event = engine_->next(input, now);
  if (!event) {
    on_error(event.error());
    return {false};
  }
  if (std::holds_alternative<event::NeedMore>(*event)) return {false};
  on_event(*event);
  if (const auto* attempt = std::get_if<event::AuthAttempt>(&*event); attempt != nullptr && decides)
    decide(*attempt);
  return {true};
}

void EnginePeer::decide(const event::AuthAttempt& attempt) {
  // Dialogues are the test's own.
  if (attempt.method == event::AuthAttempt::Method::keyboard_interactive ||
      attempt.method == event::AuthAttempt::Method::gssapi)
    return;
  const bool good =
      attempt.method == event::AuthAttempt::Method::password ? as_text(attempt.password) == "right"
      : attempt.certificate ? trusted_authority && attempt.certificate->authority() == *trusted_authority
                            : attempt.key && trusted_key && *attempt.key == *trusted_key;
  if (!good)
    engine_->reject_auth();
  else if (attempt.query)
    engine_->accept_auth_query();
  else
    engine_->accept_auth();
}

TransportPeer::TransportPeer(EngineConfig config, std::uint64_t seed)
    : random_(seed), config_(std::move(config)) {
  transport_.emplace(config_, random_);
}

Peer::Outcome TransportPeer::step(MutableBytes& input) {
  const auto step = transport_->next(input, now);
  if (!step) {
    on_error(step.error());
    return {false};
  }
  if (const auto* message = std::get_if<Transport::Message>(&*step)) {
    messages_.emplace_back(message->payload.begin(), message->payload.end());
    return {true};
  }
  const auto& event = std::get<EngineEvent>(*step);
  if (std::holds_alternative<event::NeedMore>(event)) return {false};
  on_event(event);
  return {true};
}

std::vector<int> TransportPeer::numbers() const {
  std::vector<int> numbers;
  for (const auto& message : messages_) numbers.push_back(std::to_integer<int>(message[0]));
  return numbers;
}

EngineConfig server_config(std::vector<PrivateKey::Type> host_keys) {
  EngineConfig config;
  config.role = Role::server;
  for (const auto type : host_keys) config.host_keys.push_back(test_key(type).public_key());
  config.auth_methods = {"publickey", "password"};
  return config;
}

EngineConfig client_config() {
  EngineConfig config;
  config.role = Role::client;
  config.identification = "SSH-2.0-Peer with a comment ";
  return config;
}

std::size_t Splitter::take(std::size_t available) const {
  const std::size_t wanted = random != nullptr ? 1 + random->below(100) : fixed;
  return wanted == 0 ? available : std::min(wanted, available);
}

void pump(Peer& a, Peer& b, Splitter splitter) {
  const auto carry = [&](Peer& from, Peer& to) {
    const auto bytes = from.take_output();
    for (Bytes rest = bytes; !rest.empty();) {
      const std::size_t size = splitter.take(rest.size());
      to.receive(rest.first(size));
      rest = rest.subspan(size);
    }
    return !bytes.empty();
  };
  bool moved = true;
  while (moved) {
    moved = carry(a, b);
    moved = carry(b, a) || moved;
  }
}

void connect_without_service(TransportPeer& server, TransportPeer& client) {
  client.accepts_host_key = false;
  pump(server, client);
  client.transport().accept_host_key();
  constexpr std::size_t newkeys_packet = 16;  // without a cipher
  const auto output = client.take_output();
  server.receive(Bytes(output).first(newkeys_packet));
  client.transport().writer().set_sequence(0);
}

}  // namespace fairlead::ssh::test
