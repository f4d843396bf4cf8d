// SPDX-License-Identifier: Apache-2.0
// TM-6: what a whole engine makes of every message number in every state, with a body as the RFCs have it,
// without one and with a broken one. The expectations are written down from the RFCs and from security.md,
// not from legality.cpp; what they do not name has to disconnect. The two great ones this is about:
//   CVE-2018-10933 (libssh): a client's USERAUTH_SUCCESS logged it in.
//   CVE-2025-32433 (Erlang/OTP): CHANNEL_OPEN and "exec" were served before the login.
#include "protocol/message_numbers.hpp"
#include "unit/protocol/plain_client.hpp"

#include <optional>
#include <ostream>
#include <vector>

namespace fairlead::ssh::test {
namespace {

enum class Stage {
  identification,
  kexinit,
  kex,
  newkeys,
  service,
  auth,        // of a client: it waits for the answer to a password
  auth_query,  // of a client: it waits for the answer to a key it only asked about
  open,        // authenticated; channel 0 is open, channel 1 waits for the peer's confirmation
  rekey_kex,   // the peer's KEXINIT has come
  rekey_newkeys,
};

enum class Outcome {
  acts,    // tells its owner something, or answers
  silent,  // takes it without a word
  unimplemented,
  disconnects,
};
using enum Outcome;

std::ostream& operator<<(std::ostream& out, Outcome outcome) {
  constexpr const char* names[] = {"acts", "silent", "unimplemented", "disconnects"};
  return out << names[static_cast<std::size_t>(outcome)];
}

enum class Body { valid, empty, broken };

// What may come, by the body it has. Nothing said: the method's or the language tag's own business.
struct Row {
  unsigned first, last;
  std::optional<Outcome> valid, empty, broken;
};
using Rows = std::vector<Row>;

// RFC 4253 section 11: these may come at any time, DISCONNECT's reason and text are for the log only. Strict
// key exchange forbids the other three before the first NEWKEYS (KX-16).
const Row disconnect{1, 1, acts, acts, acts};
const Row harmless{2, 4, silent, silent, silent};
const Row kexinit{20, 20, acts, disconnects, disconnects};

Rows server_rows(Stage stage) {
  switch (stage) {
    case Stage::identification:
    case Stage::auth_query:
      return {};
    case Stage::kexinit:  // the server's own is out already
      return {disconnect, harmless, {20, 20, silent, disconnects, disconnects}};
    case Stage::kex:
      return {disconnect, {30, 30, acts, disconnects, disconnects}};
    case Stage::newkeys:
      return {disconnect, {21, 21, acts, acts, disconnects}};
    case Stage::service:  // RFC 4253 section 10; RFC 8308 section 2.4: EXT_INFO right behind NEWKEYS
      return {disconnect,
              harmless,
              {5, 5, acts, disconnects, disconnects},
              {7, 7, silent, disconnects, disconnects},
              kexinit};
    case Stage::auth:
      return {disconnect,
              harmless,
              {5, 5, acts, disconnects, disconnects},
              kexinit,
              {50, 50, acts, disconnects, disconnects}};
    case Stage::rekey_kex:  // RFC 4253 section 7.1
      return {disconnect, harmless, {30, 30, acts, disconnects, disconnects}};
    case Stage::rekey_newkeys:
      return {disconnect, harmless, {21, 21, acts, acts, disconnects}};
    case Stage::open:
      return {disconnect,
              harmless,
              kexinit,
              {50, 50, silent, silent, silent},
              {95, 95, silent, disconnects, disconnects}};
  }
  return {};
}

Rows client_rows(Stage stage) {
  switch (stage) {
    case Stage::identification:
    case Stage::rekey_newkeys:
      return {};
    case Stage::kexinit:
      return {disconnect, harmless, kexinit};
    case Stage::kex:
      return {disconnect, {31, 31, acts, disconnects, disconnects}};
    case Stage::newkeys:  // told when the service has been accepted
      return {disconnect, {21, 21, silent, silent, disconnects}};
    case Stage::service:  // old servers leave the service's name out
      return {disconnect,
              harmless,
              {6, 6, acts, acts, disconnects},
              {7, 7, silent, disconnects, disconnects},
              kexinit};
    case Stage::auth:
      return {disconnect,
              harmless,
              {7, 7, silent, disconnects, disconnects},
              kexinit,
              {51, 51, acts, disconnects, disconnects},
              {52, 52, acts, acts, std::nullopt},
              {53, 53, acts, disconnects, std::nullopt},
              {60, 60, acts, std::nullopt, std::nullopt}};
    case Stage::auth_query:
      return {disconnect,
              harmless,
              {7, 7, silent, disconnects, disconnects},
              kexinit,
              {51, 51, acts, disconnects, disconnects},
              {60, 60, acts, disconnects, disconnects},
              {53, 53, acts, disconnects, std::nullopt}};
    case Stage::rekey_kex:
      return {disconnect, harmless, {31, 31, acts, disconnects, disconnects}};
    case Stage::open:
      return {disconnect, harmless, kexinit, {95, 95, acts, disconnects, disconnects}};
  }
  return {};
}

// RFC 4254, after the login, for both roles.
const Rows connection_rows{
    {80, 80, acts, disconnects, disconnects},  // GLOBAL_REQUEST
    {81, 82, silent, silent, silent},  // answers to requests that nobody made: dropped (CVE-2026-39830)
    {90, 91, acts, disconnects, disconnects},  // CHANNEL_OPEN and its confirmation
    {92, 92, acts, disconnects,
     std::nullopt},  // CHANNEL_OPEN_FAILURE; old implementations send no language tag
    {93, 94, acts, disconnects, disconnects},               // WINDOW_ADJUST, DATA
    {96, 98, acts, disconnects, disconnects},               // EOF, CLOSE, REQUEST
    {99, 100, silent, disconnects, disconnects},            // answers to channel requests that nobody made
    {192, 192, acts, acts, acts},                           // PING: whatever is in it comes back
    {193, 193, silent, silent, silent},                     // PONG
    {8, 19, unimplemented, unimplemented, unimplemented},   // RFC 4253 section 11.4: what has no meaning yet,
    {22, 29, unimplemented, unimplemented, unimplemented},  // or none without a key exchange
    {32, 49, unimplemented, unimplemented, unimplemented},
    {54, 79, unimplemented, unimplemented, unimplemented},  // or a login under way
    {83, 89, unimplemented, unimplemented, unimplemented},
    {101, 191, unimplemented, unimplemented, unimplemented},
    {194, 255, unimplemented, unimplemented, unimplemented},
};

std::optional<Outcome> expected(Role role, Stage stage, unsigned number, Body body) {
  Rows rows = role == Role::server ? server_rows(stage) : client_rows(stage);
  if (stage == Stage::open) rows.insert(rows.end(), connection_rows.begin(), connection_rows.end());
  for (const Row& row : rows)
    if (row.first <= number && number <= row.last)
      return body == Body::valid ? row.valid : body == Body::empty ? row.empty : row.broken;
  return disconnects;
}

// The message as the RFCs have it; for numbers without a meaning, anything.
std::vector<std::byte> valid_message(std::uint8_t number) {
  const auto made = [](const Payload& payload) {
    const Bytes bytes = payload;
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  };
  constexpr std::uint32_t zero = 0, one = 1, seven = 7, thousand = 1000;
  switch (number) {
    case msg::disconnect:
      return made(Payload(number, std::uint32_t{11}, "bye", ""));
    case msg::unimplemented:
    case msg::channel_eof:
    case msg::channel_close:
    case msg::channel_success:
    case msg::channel_failure:
      return made(Payload(number, zero));
    case msg::debug:
      return made(Payload(number, true, "text", ""));
    case msg::service_request:
    case msg::service_accept:
      return made(Payload(number, "ssh-userauth"));
    case msg::ext_info:
      return made(Payload(number, one, "name", "value"));
    case msg::kexinit:
      return KexInitLists{.ciphers = "chacha20-poly1305@openssh.com"}.payload();
    case msg::kex_init:
      return made(Payload(number, std::vector<std::byte>(32, std::byte{9})));
    case msg::newkeys:
    case msg::userauth_success:
    case msg::request_success:
    case msg::request_failure:
      return made(Payload(number));
    case msg::userauth_request:
      return made(Payload(number, "alice", "ssh-connection", "password", false, "wrong"));
    case msg::userauth_failure:
      return made(Payload(number, "publickey,password", false));
    case msg::userauth_banner:
      return made(Payload(number, "banner", "en"));
    case msg::userauth_pk_ok:
      return made(Payload(number, "ssh-ed25519", test_key().public_key().blob()));
    case msg::global_request:
      return made(Payload(number, "x", true));
    case msg::channel_open:
      return made(Payload(number, "session", seven, thousand, thousand));
    case msg::channel_open_confirmation:
      return made(Payload(number, one, seven, thousand, thousand));
    case msg::channel_open_failure:
      return made(Payload(number, one, one, "", ""));
    case msg::channel_window_adjust:
      return made(Payload(number, zero, one));
    case msg::channel_data:
      return made(Payload(number, zero, "x"));
    case msg::channel_extended_data:
      return made(Payload(number, zero, one, "x"));
    case msg::channel_request:
      return made(Payload(number, zero, "exec", true));
    default:
      return made(Payload(number, "some bytes"));
  }
}

std::vector<std::byte> message(std::uint8_t number, Body body) {
  auto payload = valid_message(number);
  if (body == Body::empty) payload.resize(1);
  if (body == Body::broken && payload.size() > 1)
    payload.pop_back();
  else if (body == Body::broken)
    payload.push_back(std::byte{0});
  return payload;
}

EngineConfig with_curve25519(EngineConfig config) {
  config.algorithms.key_exchanges = {"curve25519-sha256"};
  // Its nonce is the sequence number and nothing else, so that a test can take packets back.
  config.algorithms.ciphers = {"chacha20-poly1305@openssh.com"};
  return config;
}

// An engine brought to a stage by a transport that may send anything.
class Scene {
 public:
  Scene(Role role, Stage stage)
      : subject(with_curve25519(role == Role::server ? server_config() : client_config())),
        speaker(with_curve25519(role == Role::server ? client_config() : server_config())),
        role_(role),
        stage_(stage) {
    (role == Role::server ? static_cast<Peer&>(subject) : speaker).host_keys.push_back(test_key());
    reach();
    EXPECT_FALSE(subject.error()) << to_string(*subject.error());
    subject.take_output();
    subject.clear_log();
  }

  Outcome react(std::uint8_t number, Body body) {
    subject.receive(sealed(number, body));
    if (subject.error() && subject.error()->code != Errc::disconnected_by_peer) return Outcome::disconnects;
    const auto output = subject.take_output();
    if (stage_ == Stage::open && answered_unimplemented(output)) return Outcome::unimplemented;
    return subject.log().empty() && output.empty() ? Outcome::silent : Outcome::acts;
  }

  EnginePeer subject;
  TransportPeer speaker;

 private:
  std::vector<std::byte> sealed(std::uint8_t number, Body body) {
    if (number == msg::kex_reply && body == Body::valid && role_ == Role::client) {
      // The one message that only a server can make; in a rekey its NEWKEYS comes right behind.
      if (stage_ == Stage::kex) return reply_;
      if (stage_ == Stage::rekey_kex) {
        speaker.receive(said_);
        return speaker.take_output();
      }
    }
    EXPECT_TRUE(speaker.transport().writer().write(message(number, body)));
    return speaker.take_output();
  }

  bool answered_unimplemented(std::vector<std::byte> output) {
    MutableBytes input = output;
    const auto packet = speaker.transport().reader().next(input);
    return packet && *packet && (*packet)->payload[0] == std::byte{msg::unimplemented};
  }

  void reach() {
    switch (stage_) {
      case Stage::identification:
        return;
      case Stage::kexinit:
        subject.receive(plain(0, true));
        return speaker.transport().writer().set_sequence(0);
      case Stage::kex:
        return reach_kex();
      case Stage::newkeys:
        return reach_newkeys();
      case Stage::service:
        return reach_service();
      case Stage::auth:
      case Stage::auth_query:
        pump(subject, speaker);
        return stage_ == Stage::auth ? ask_with_password() : ask_about_key();
      case Stage::open:
        return reach_open();
      case Stage::rekey_kex:
        reach_open();
        subject.take_output();
        speaker.transport().start_rekey();
        subject.receive(speaker.take_output());
        said_ = subject.take_output();
        return;
      case Stage::rekey_newkeys:
        return reach_rekey_newkeys();
    }
  }

  // The speaker's identification and its first `count` packets, all in the clear.
  std::vector<std::byte> plain(std::size_t count, bool with_line) {
    auto bytes = speaker.take_output();
    std::size_t size = with_line ? as_text(bytes).find('\n') + 1 : 0;
    for (; count > 0; --count) size += 4 + load_u32(bytes.data() + size);
    bytes.resize(size);
    return bytes;
  }

  void reach_kex() {
    subject.receive(plain(1, true));
    if (role_ == Role::server) return;
    speaker.receive(subject.take_output());
    reply_ = plain(1, false);
    speaker.transport().writer().use(nullptr, 0, false);  // as if it had not sent its NEWKEYS
  }

  void reach_newkeys() {
    if (role_ == Role::client) {
      reach_kex();
      subject.receive(std::exchange(reply_, {}));
      return;
    }
    speaker.accepts_host_key = false;  // so that its NEWKEYS does not come
    pump(subject, speaker);
  }

  void reach_service() {
    constexpr std::size_t newkeys_packet = 16;  // without a cipher
    Peer& client = role_ == Role::client ? static_cast<Peer&>(subject) : speaker;
    client.accepts_host_key = false;
    pump(subject, speaker);
    if (role_ == Role::client) {
      subject.engine().accept_host_key();
      speaker.receive(Bytes(subject.take_output()).first(newkeys_packet));
      subject.work();
      subject.receive(speaker.take_output());
      return;
    }
    speaker.transport().accept_host_key();
    subject.receive(Bytes(speaker.take_output()).first(newkeys_packet));
    speaker.transport().writer().set_sequence(0);  // its SERVICE_REQUEST is not sent
  }

  void ask_with_password() {
    if (role_ == Role::client) subject.engine().request_password("alice", as_bytes("right"));
  }
  void ask_about_key() {
    subject.engine().request_public_key("alice", test_key().public_key().blob(), "ssh-ed25519");
  }

  void reach_open() {
    pump(subject, speaker);
    if (role_ == Role::server) {
      say(Payload(msg::userauth_request, "alice", "ssh-connection", "password", false, "right"));
      speaker.receive(subject.take_output());
      speaker.transport().set_authenticated();
      say(valid_message(msg::channel_open));
      subject.engine().confirm_open(0);
    } else {
      ask_with_password();
      speaker.receive(subject.take_output());
      speaker.transport().set_authenticated();
      say(valid_message(msg::userauth_success));
      EXPECT_TRUE(subject.engine().open_channel("session", {}));
      say(Payload(msg::channel_open_confirmation, std::uint32_t{0}, std::uint32_t{7}, std::uint32_t{1000},
                  std::uint32_t{1000}));
    }
    EXPECT_EQ(subject.engine().open_channel("forwarded-tcpip", {}), 1U);
    // What the subject has said is nothing to answer; its packets count all the same.
    speaker.receive(subject.take_output());
  }

  void reach_rekey_newkeys() {
    reach_open();
    subject.signs = false;
    speaker.transport().start_rekey();
    pump(subject, speaker);
    subject.engine().host_signature(as_bytes("the client does not hear of it and keeps its old keys"));
    subject.work();
  }

  void say(Bytes payload) {
    EXPECT_TRUE(speaker.transport().writer().write(payload));
    subject.receive(speaker.take_output());
  }

  Role role_;
  Stage stage_;
  std::vector<std::byte> reply_;  // the KEX_REPLY that the speaker has made
  std::vector<std::byte> said_;   // by the subject when its rekey began
};

class StateTable : public testing::TestWithParam<std::tuple<Role, Stage>> {};

TEST_P(StateTable, EveryMessageWithEveryBody) {
  const auto [role, stage] = GetParam();
  for (unsigned number = 0; number < 256; ++number)
    for (const Body body : {Body::valid, Body::empty, Body::broken}) {
      const auto should = expected(role, stage, number, body);
      if (!should) continue;
      Scene scene(role, stage);
      const Outcome is = scene.react(static_cast<std::uint8_t>(number), body);
      EXPECT_EQ(is, *should) << "number " << number << ", body " << static_cast<int>(body);
    }
}

std::string label(const testing::TestParamInfo<std::tuple<Role, Stage>>& info) {
  constexpr const char* names[] = {"identification", "kexinit",    "kex",  "newkeys",   "service",
                                   "auth",           "auth_query", "open", "rekey_kex", "rekey_newkeys"};
  const auto [role, stage] = info.param;
  return std::string(role == Role::server ? "server_" : "client_") + names[static_cast<std::size_t>(stage)];
}

// Before a peer has said who it is there are no messages.
void expect_no_message(Role role, std::uint8_t number, Body body) {
  EnginePeer subject(with_curve25519(role == Role::server ? server_config() : client_config()));
  subject.take_output();
  subject.receive(plain_packet(message(number, body)));
  subject.receive(as_bytes("\r\n"));
  ASSERT_TRUE(subject.error()) << int{number};
  EXPECT_EQ(subject.error()->code, Errc::bad_identification);
  EXPECT_TRUE(subject.log().empty());
}

TEST(StateTableIdentification, PacketsAreNothingBeforeTheIdentification) {
  for (const Role role : {Role::server, Role::client})
    for (unsigned number = 0; number < 256; ++number)
      for (const Body body : {Body::valid, Body::empty, Body::broken})
        expect_no_message(role, static_cast<std::uint8_t>(number), body);
}

INSTANTIATE_TEST_SUITE_P(Server, StateTable,
                         testing::Combine(testing::Values(Role::server),
                                          testing::Values(Stage::kexinit, Stage::kex, Stage::newkeys,
                                                          Stage::service, Stage::auth, Stage::open,
                                                          Stage::rekey_kex, Stage::rekey_newkeys)),
                         label);
INSTANTIATE_TEST_SUITE_P(Client, StateTable,
                         testing::Combine(testing::Values(Role::client),
                                          testing::Values(Stage::kexinit, Stage::kex, Stage::newkeys,
                                                          Stage::service, Stage::auth, Stage::auth_query,
                                                          Stage::open, Stage::rekey_kex)),
                         label);

}  // namespace
}  // namespace fairlead::ssh::test
