// SPDX-License-Identifier: Apache-2.0
// Services, EXT_INFO and the small messages of the transport.
#include "protocol/message_numbers.hpp"
#include "unit/protocol/plain_client.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;

TEST(Services, OnlyUserAuthIsAccepted) {
  Pair pair;
  pair.connect();
  pair.client.transport().send(Payload(msg::service_request, "ssh-connection"));
  pair.connect();
  EXPECT_EQ(pair.server.failure(), Errc::service_not_available);
  EXPECT_TRUE(pair.client.told("Disconnected 7 service not available"));
}

// Paramiko asks again before each attempt.
TEST(Services, MayBeAskedForAgainBeforeLoginButNotForEver) {
  Pair pair;
  pair.connect();
  pair.client.transport().send(Payload(msg::service_request, "ssh-userauth"));
  pair.server.receive(pair.client.take_output());
  EXPECT_FALSE(pair.server.error());
  EXPECT_FALSE(pair.server.take_output().empty());
  for (unsigned i = 0; i < limits::auth_requests; ++i)
    pair.client.transport().send(Payload(msg::service_request, "ssh-userauth"));
  pair.server.receive(pair.client.take_output());
  EXPECT_TRUE(pair.server.error());
}

TEST(ExtInfo, IsSentToClientsThatWantIt) {
  Pair pair;
  pair.connect();
  EXPECT_EQ(pair.server.transport().writer().sequence(), 2U);  // EXT_INFO and SERVICE_ACCEPT
}

// What a server makes of a client's messages between NEWKEYS and SERVICE_REQUEST.
std::optional<Errc> server_error_for(std::initializer_list<Bytes> payloads) {
  EngineConfig config = client_config();
  config.algorithms.ciphers = {"chacha20-poly1305@openssh.com"};
  Pair pair(server_config(), config);
  connect_without_service(pair.server, pair.client);
  EXPECT_EQ(pair.server.transport().phase(), Phase::service);
  for (const Bytes payload : payloads) pair.client.transport().send(payload);
  pair.server.receive(pair.client.take_output());
  if (!pair.server.error()) return std::nullopt;
  return pair.server.error()->code;
}

TEST(ExtInfo, FromAClientOnlyOnceAndBeforeTheService) {
  const Payload info(msg::ext_info, std::uint32_t{1}, "ext-info-in-auth@openssh.com", "0");
  const Payload service(msg::service_request, "ssh-userauth");
  EXPECT_EQ(server_error_for({info, service}), std::nullopt);
  EXPECT_EQ(server_error_for({info, info}), Errc::unexpected_message);
  EXPECT_EQ(server_error_for({service, info}), Errc::unexpected_message);
}

// CVE-2026-55199: a count that the message does not hold.
TEST(ExtInfo, CountsAreBoundedByTheMessage) {
  EXPECT_EQ(server_error_for({Payload(msg::ext_info, std::uint32_t{0xFFFFFFFF})}), Errc::bad_message);
  EXPECT_EQ(server_error_for({Payload(msg::ext_info, std::uint32_t{2}, "name", "value")}), Errc::bad_message);
  EXPECT_EQ(server_error_for({Payload(msg::ext_info, std::uint32_t{0}, "name", "value")}), Errc::bad_message);
  EXPECT_EQ(server_error_for(
                {Payload(msg::ext_info, std::uint32_t{1}, "server-sig-algs", std::string_view("a\0b", 3))}),
            Errc::bad_message);
  EXPECT_EQ(server_error_for({Payload(msg::ext_info)}), Errc::bad_message);
}

TEST(ExtInfo, TwiceFromAServerAndNoMore) {
  Pair pair;
  pair.connect();  // the first has come with it
  const Payload info(msg::ext_info, std::uint32_t{1}, "server-sig-algs", "ssh-ed25519");
  EXPECT_EQ(pair.client.transport().login_algorithms().front(), "ssh-ed25519");
  EXPECT_GT(pair.client.transport().login_algorithms().size(), 1U);
  pair.server.transport().send(info);
  pair.connect();
  EXPECT_FALSE(pair.client.error());
  EXPECT_EQ(pair.client.transport().login_algorithms().size(), 1U) << "what came last counts";
  EXPECT_TRUE(pair.server.transport().login_algorithms().empty()) << "only a server says so";
  pair.server.transport().send(info);
  pair.connect();
  EXPECT_TRUE(pair.client.error());
}

TEST(Ping, IsAnsweredInOrderAfterLogin) {
  Pair pair;
  pair.authenticate();
  const std::vector<std::string> texts{"one", "two", "three"};
  for (const auto& text : texts) pair.client.transport().send(Payload(msg::ping, text));
  pair.server.receive(pair.client.take_output());
  EXPECT_GT(pair.server.transport().control_backlog(), 0U);
  auto output = pair.server.take_output();
  MutableBytes input = output;
  for (const auto& text : texts) {
    const auto packet = pair.client.transport().reader().next(input);
    ASSERT_TRUE(packet && *packet);
    EXPECT_TRUE(equal((*packet)->payload, Payload(msg::pong, text)));
  }
  EXPECT_TRUE(input.empty());
}

TEST(Ping, IsNotAnsweredBeforeLogin) {
  Pair pair;
  pair.connect();
  const auto before = pair.server.transport().writer().sequence();
  pair.client.transport().send(Payload(msg::ping, "early"));
  pair.server.receive(pair.client.take_output());
  EXPECT_TRUE(pair.server.error());
  EXPECT_EQ(pair.server.transport().writer().sequence(), before + 1);  // the DISCONNECT
}

TEST(Disconnect, EndsEverything) {
  Pair pair;
  pair.authenticate();
  pair.server.transport().disconnect(DisconnectReason::too_many_connections, "full");
  const auto said = pair.server.take_output();
  pair.server.transport().send(Payload(msg::global_request, "more"));
  EXPECT_TRUE(pair.server.transport().begin_packet(10).empty());
  pair.server.transport().disconnect(DisconnectReason::by_application, "again");
  EXPECT_TRUE(pair.server.take_output().empty());
  pair.client.receive(said);
  EXPECT_THAT(pair.client.log(), ElementsAre("Disconnected 12 full"));
  EXPECT_EQ(pair.client.failure(), Errc::disconnected_by_peer);
  pair.server.work();
  EXPECT_EQ(pair.server.error()->code, Errc::connection_closed);
}

TEST(Unimplemented, NamesThePacket) {
  Pair pair;
  pair.authenticate();
  const auto next_number = pair.client.transport().writer().sequence();
  for (const int number : {8, 110, 150, 191})
    pair.client.transport().send(Payload(static_cast<std::uint8_t>(number)));
  pair.server.receive(pair.client.take_output());
  EXPECT_FALSE(pair.server.error());
  auto output = pair.server.take_output();
  MutableBytes input = output;
  for (std::uint32_t i = 0; i < 4; ++i) {
    const auto packet = pair.client.transport().reader().next(input);
    ASSERT_TRUE(packet && *packet);
    WireReader reader((*packet)->payload);
    EXPECT_EQ(reader.byte(), msg::unimplemented);
    EXPECT_EQ(reader.u32(), next_number + i);
    EXPECT_TRUE(reader.done());
  }
  EXPECT_TRUE(input.empty());
}

TEST(SequenceNumbers, WrapAfterTheFirstKeyExchangeAndNotInIt) {
  PlainClient early;
  early.server.transport().reader().set_sequence(0xFFFFFFFF);
  early.send(Payload(msg::ignore, "the last number"));
  EXPECT_EQ(early.error(), Errc::key_exhausted);

  EngineConfig config = client_config();
  config.algorithms.ciphers = {"chacha20-poly1305@openssh.com"};
  Pair pair(server_config(), config);
  pair.authenticate();
  pair.client.transport().writer().set_sequence(0xFFFFFFFE);
  pair.server.transport().reader().set_sequence(0xFFFFFFFE);
  for (int i = 0; i < 4; ++i) pair.client.transport().send(Payload(msg::global_request, "over the edge"));
  pair.connect();
  EXPECT_EQ(pair.server.messages().size(), 4U);
}

}  // namespace
}  // namespace fairlead::ssh::test
