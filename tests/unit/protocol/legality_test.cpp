// SPDX-License-Identifier: Apache-2.0
// TM-6: what a live server and a live client make of every message number in every phase, against a second,
// independent statement of the rules.
#include "protocol/legality.hpp"

#include "protocol/message_numbers.hpp"
#include "unit/protocol/plain_client.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <set>

namespace fairlead::ssh::test {
namespace {

enum class Reaction { taken, ignored, unimplemented, refused };

std::string name(Phase phase) {
  constexpr const char* names[] = {"identification", "kexinit",   "kex",          "newkeys",
                                   "service",        "auth",      "auth_prompts", "auth_gssapi",
                                   "open",           "rekey_kex", "rekey_newkeys"};
  return names[static_cast<std::size_t>(phase)];
}

// The rules as the requirements state them (KX-4 to KX-6, KX-16, KX-19, TM-1 to TM-6, UA-1, UA-4), phase by
// phase.
Reaction expected(Role role, Phase phase, bool strict, unsigned number) {
  const bool server = role == Role::server;
  const auto taken = [&](std::set<unsigned> numbers) {
    return numbers.contains(number) ? Reaction::taken : Reaction::refused;
  };
  if (number == 1) return Reaction::taken;
  const bool harmless = number >= 2 && number <= 4;
  switch (phase) {
    case Phase::identification:
      return Reaction::refused;
    case Phase::kexinit:
      return harmless && !strict ? Reaction::ignored : taken({20});
    case Phase::kex:
      return harmless && !strict ? Reaction::ignored : taken({server ? 30U : 31U});
    case Phase::newkeys:
      return harmless && !strict ? Reaction::ignored : taken({21});
    case Phase::rekey_kex:
      return harmless ? Reaction::ignored : taken({server ? 30U : 31U});
    case Phase::rekey_newkeys:
      return harmless ? Reaction::ignored : taken({21});
    case Phase::service:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 7, 20}) : taken({6, 7, 20});
    case Phase::auth:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 20, 50}) : taken({7, 20, 51, 52, 53, 60});
    // RFC 4256, RFC 4462: numbers of the method that is under way, in the direction to a server.
    case Phase::auth_prompts:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 20, 50, 61}) : taken({20});
    case Phase::auth_gssapi:
      if (harmless) return Reaction::ignored;
      return server ? taken({5, 20, 50, 61, 63, 65, 66}) : taken({20});
    case Phase::open:
      break;
  }
  if (harmless || number == 193 || (server && number == 50)) return Reaction::ignored;
  if (number == 20 || number == 192 || (number >= 80 && number <= 82) || (number >= 90 && number <= 100))
    return Reaction::taken;
  if (number == 0 || number <= 7 || (number >= 21 && number <= 79)) return Reaction::refused;
  return Reaction::unimplemented;
}

TEST(Legality, TheTableSaysWhatTheRequirementsSay) {
  for (const auto role : {Role::server, Role::client})
    for (unsigned phase = 1; phase <= static_cast<unsigned>(Phase::rekey_newkeys); ++phase)
      for (const bool strict : {false, true})
        for (unsigned number = 0; number < 256; ++number) {
          const auto is =
              verdict({role, static_cast<Phase>(phase), strict}, static_cast<std::uint8_t>(number));
          constexpr Legality as_verdict[] = {Legality::process, Legality::ignore, Legality::unimplemented,
                                             Legality::disconnect};
          const auto should = expected(role, static_cast<Phase>(phase), strict, number);
          EXPECT_EQ(is, as_verdict[static_cast<std::size_t>(should)])
              << name(static_cast<Phase>(phase)) << ' ' << number << (strict ? " strict" : "");
        }
}

TEST(Legality, ALinkTakesTheConnectionProtocolAndNoKeys) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto is = verdict({Role::link, Phase::open, false}, static_cast<std::uint8_t>(number));
    if (number == 20 || number == 50 || number == 5) {
      EXPECT_EQ(is, Legality::disconnect);
    } else if (number >= 90 && number <= 100) {
      EXPECT_EQ(is, Legality::process);
    }
  }
}

// --- the same on live transports: brings both to `phase` of `role`, sends one message of that number, looks.

EngineConfig chacha_client() {
  EngineConfig config = client_config();
  config.algorithms.ciphers = {"chacha20-poly1305@openssh.com"};
  config.algorithms.key_exchanges = {"curve25519-sha256"};
  return config;
}

struct Stage {
  Stage() : pair(server_config(), chacha_client()) {}

  void reach(Role role, Phase phase) {
    subject = role == Role::server ? &pair.server : &pair.client;
    speaker = role == Role::server ? &pair.client : &pair.server;
    switch (phase) {
      case Phase::identification:
      case Phase::kexinit: {  // the identification only
        const auto hello = speaker->take_output();
        const auto line = as_text(hello).find('\n') + 1;
        subject->receive(Bytes(hello).first(line));
        speaker->transport().writer().set_sequence(0);
        break;
      }
      case Phase::kex:
        // A server has seen a KEXINIT; a client has sent its value.
        subject->receive(take_packets(*speaker, true, 1));
        break;
      case Phase::newkeys:
        reach_newkeys(role);
        break;
      case Phase::service:
        reach_service(role);
        break;
      case Phase::auth:
        pair.connect();
        break;
      case Phase::auth_prompts:
        pair.connect();
        subject->transport().set_dialogue(AuthDialogue::prompts);
        break;
      case Phase::auth_gssapi:
        pair.connect();
        subject->transport().set_dialogue(AuthDialogue::gssapi);
        break;
      case Phase::open:
        pair.authenticate();
        break;
      case Phase::rekey_kex:
        pair.authenticate();
        speaker->transport().start_rekey();
        subject->receive(speaker->take_output());
        break;
      case Phase::rekey_newkeys:
        reach_rekey_newkeys();
        break;
    }
  }

  // The speaker's identification and its first `count` packets, all in the clear.
  static std::vector<std::byte> take_packets(TransportPeer& from, bool with_line, std::size_t count) {
    auto bytes = from.take_output();
    std::size_t size = with_line ? as_text(bytes).find('\n') + 1 : 0;
    for (; count > 0; --count) size += 4 + load_u32(bytes.data() + size);
    bytes.resize(size);
    return bytes;
  }

  void reach_newkeys(Role role) {
    if (role == Role::server) {
      speaker->accepts_host_key = false;  // so that its NEWKEYS does not come
      pair.connect();
      return;
    }
    subject->receive(take_packets(*speaker, true, 1));
    speaker->receive(subject->take_output());
    subject->receive(take_packets(*speaker, false, 1));  // KEX_REPLY without the NEWKEYS behind it
    speaker->transport().writer().use(nullptr, 0, false);
  }

  void reach_service(Role role) {
    if (role == Role::server) return connect_without_service(pair.server, pair.client);
    pair.client.accepts_host_key = false;
    pair.connect();
    pair.client.transport().accept_host_key();
    pair.server.receive(Bytes(pair.client.take_output()).first(16));  // its NEWKEYS alone
    pair.client.work();
    pair.client.receive(pair.server.take_output());
  }

  // Only a server waits here in a state that a test can stop in: a client gets KEX_REPLY and NEWKEYS
  // together.
  void reach_rekey_newkeys() {
    pair.authenticate();
    pair.server.signs = false;
    pair.client.transport().start_rekey();
    pair.connect();
    pair.server.transport().host_signature(as_bytes("the client does not hear of it and keeps its old keys"));
    pair.server.work();
  }

  Reaction react(std::uint8_t number) {
    EXPECT_FALSE(subject->error()) << to_string(*subject->error());
    subject->take_output();
    subject->clear_log();
    const auto messages = subject->messages().size();
    EXPECT_TRUE(speaker->transport().writer().write(Payload(number)));
    subject->receive(speaker->take_output());
    if (subject->error() && subject->error()->code == Errc::unexpected_message) return Reaction::refused;
    // An empty body is malformed for most: that it was looked at is what counts.
    if (subject->error() || subject->messages().size() > messages || !subject->log().empty())
      return Reaction::taken;
    return subject->transport().output().empty() ? Reaction::ignored : Reaction::unimplemented;
  }

  Pair pair;
  TransportPeer* subject = nullptr;
  TransportPeer* speaker = nullptr;
};

class LegalityLive : public testing::TestWithParam<std::tuple<Role, Phase>> {};

TEST_P(LegalityLive, EveryNumberDoesWhatTheTableSays) {
  const auto [role, phase] = GetParam();
  for (unsigned number = 0; number < 256; ++number) {
    Stage stage;
    stage.reach(role, phase);
    ASSERT_EQ(stage.subject->transport().phase(), phase);
    const bool strict = phase > Phase::kexinit;
    Reaction should = expected(role, phase, strict, number);
    Reaction is = stage.react(static_cast<std::uint8_t>(number));
    // These are answered (PONG), or acted upon without a word (NEWKEYS of a client before the service).
    if (number == 192 && phase == Phase::open) should = Reaction::unimplemented;
    if (number == 21 && role == Role::client && phase == Phase::newkeys) should = Reaction::ignored;
    EXPECT_EQ(is, should) << name(phase) << ' ' << number;
  }
}

std::string label(const testing::TestParamInfo<std::tuple<Role, Phase>>& info) {
  return std::string(std::get<0>(info.param) == Role::server ? "server_" : "client_") +
         name(std::get<1>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Server, LegalityLive,
                         testing::Combine(testing::Values(Role::server),
                                          testing::Values(Phase::kexinit, Phase::kex, Phase::newkeys,
                                                          Phase::service, Phase::auth, Phase::auth_prompts,
                                                          Phase::auth_gssapi, Phase::open, Phase::rekey_kex,
                                                          Phase::rekey_newkeys)),
                         label);
INSTANTIATE_TEST_SUITE_P(Client, LegalityLive,
                         testing::Combine(testing::Values(Role::client),
                                          testing::Values(Phase::kexinit, Phase::kex, Phase::newkeys,
                                                          Phase::service, Phase::auth, Phase::open,
                                                          Phase::rekey_kex)),
                         label);

}  // namespace
}  // namespace fairlead::ssh::test
