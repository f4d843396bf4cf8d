// SPDX-License-Identifier: Apache-2.0
// A server's and a client's transport back to back, following a script of sends, rekeys and partial
// deliveries: nothing is lost or reordered, nobody waits for ever, and both end with the same keys. Scripts
// that begin with an odd byte are instead messages to a server without keys, which must never come to be
// authenticated. The second byte chooses the key exchange.
#include "base/wire.hpp"
#include "fuzz/fuzz_input.hpp"
#include "protocol/message_numbers.hpp"
#include "protocol/secure_transport.hpp"
#include "support/fixed_random.hpp"

#include <fairlead/ssh/keys.hpp>

#include <array>
#include <string>
#include <string_view>
#include <vector>

using namespace fairlead::ssh;
using fuzz::FuzzInput;
using fuzz::require;

namespace {

const PrivateKey& host_key() {
  static const PrivateKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  return key;
}

// One of each construction; the larger groups and their milliseconds teach nothing more.
constexpr std::array<std::string_view, 6> key_exchanges{
    "curve25519-sha256",  "mlkem768x25519-sha256", "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384", "ecdh-sha2-nistp521",    "diffie-hellman-group14-sha256"};

EngineConfig config_of(Role role, std::uint8_t choice) {
  EngineConfig config;
  config.role = role;
  config.algorithms.key_exchanges = {std::string(key_exchanges[choice % key_exchanges.size()])};
  config.rekey_bytes = 3000;
  if (role == Role::server) config.host_keys = {host_key().public_key()};
  return config;
}

class End {
 public:
  End(Role role, std::uint8_t key_exchange)
      : random_(role == Role::server ? 1 : 2),
        config_(config_of(role, key_exchange)),
        transport(config_, random_) {}

  void receive(Bytes bytes) {
    inbox_.append(bytes);
    while (true) {
      MutableBytes input = inbox_.readable();
      const std::size_t before = input.size();
      const auto step = transport.next(input, {});
      const std::size_t used = before - input.size();
      failed = !step.has_value();
      if (step) on_step(*step);
      inbox_.consume(used);
      if (failed || more_wanted_) return;
    }
  }
  // Half or all of what is waiting.
  void deliver_to(End& other, std::size_t size) {
    const Bytes output = transport.output().readable();
    size = std::min(size, output.size());
    other.receive(output.first(size));
    transport.output().consume(size);
  }
  void send_number() {
    ByteBuffer payload;
    WireWriter(payload).byte(msg::channel_window_adjust).u32(sent++).string(std::string(100, 'x'));
    transport.send(payload.readable());
  }

 private:
  void on_step(const Transport::Step& step) {
    more_wanted_ = false;
    if (const auto* message = std::get_if<Transport::Message>(&step)) {
      require(WireReader(message->payload.subspan(1)).u32() == received++);
      return;
    }
    const auto& event = std::get<EngineEvent>(step);
    more_wanted_ = std::holds_alternative<event::NeedMore>(event);
    if (const auto* wanted = std::get_if<event::SignatureWanted>(&event))
      transport.host_signature(host_key().sign(wanted->algorithm, wanted->exchange_hash).value());
    if (std::holds_alternative<event::HostKeyOffered>(event)) transport.accept_host_key();
  }

  test::FixedRandom random_;
  EngineConfig config_;
  ByteBuffer inbox_;
  bool more_wanted_ = false;

 public:
  SecureTransport transport;
  std::uint32_t sent = 0, received = 0;
  bool failed = false;
};

void run_to_the_end(End& server, End& client) {
  // Each round delivers everything; a key exchange takes three.
  for (int round = 0; round < 64; ++round) {
    server.deliver_to(client, ~std::size_t{0});
    client.deliver_to(server, ~std::size_t{0});
  }
  require(server.transport.output().empty() && client.transport.output().empty());
}

void script(FuzzInput input) {
  const std::uint8_t key_exchange = input.byte();
  End server(Role::server, key_exchange), client(Role::client, key_exchange);
  run_to_the_end(server, client);
  server.transport.set_authenticated();
  client.transport.set_authenticated();
  for (int i = 0; i < 200 && !input.empty(); ++i) {
    const std::uint8_t choice = input.byte();
    End& one = (choice & 1) != 0 ? server : client;
    End& other = (choice & 1) != 0 ? client : server;
    switch (choice >> 1 & 3) {
      case 0:
        one.send_number();
        break;
      case 1:
        one.transport.start_rekey();
        break;
      case 2:
        one.deliver_to(other, input.number());
        break;
      case 3:
        one.deliver_to(other, ~std::size_t{0});
        break;
      default:
        break;
    }
    require(!server.failed && !client.failed);
  }
  run_to_the_end(server, client);
  require(!server.failed && !client.failed);
  require(server.sent == client.received && client.sent == server.received);
  require(server.transport.gate_open() && client.transport.gate_open());
  require(equal(server.transport.session_id(), client.transport.session_id()));
  for (auto* pair : {&server, &client}) {
    const End& other = pair == &server ? client : server;
    require(pair->transport.writer().sequence() == const_cast<End&>(other).transport.reader().sequence());
  }
}

// Length-prefixed payloads in the clear.
void hostile_client(FuzzInput input) {
  End server(Role::server, input.byte());
  server.receive(as_bytes("SSH-2.0-hostile\r\n"));
  ByteBuffer packets;
  PacketWriter writer(packets, nullptr);
  while (!input.empty() && !server.failed) {
    const Bytes payload = input.take(input.number() % 4096);
    if (payload.empty()) continue;
    require(writer.write(payload).has_value());
    server.receive(packets.readable());
    packets.consume(packets.size());
    require(server.received == 0);
  }
  const Phase phase = server.transport.phase();
  require(phase != Phase::auth && phase != Phase::open);
  require(!server.transport.authenticated());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  FuzzInput input(data, size);
  if ((input.byte() & 1) != 0)
    hostile_client(input);
  else
    script(input);
  return 0;
}
