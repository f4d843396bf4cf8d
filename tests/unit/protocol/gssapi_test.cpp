// SPDX-License-Identifier: Apache-2.0
// RFC 4462 section 3 between an engine and a client that sends anything; the mechanism is the test's.
#include "protocol/gssapi_exchange.hpp"
#include "protocol/user_auth_server.hpp"
#include "support/plain_transport.hpp"
#include "unit/protocol/login_stage.hpp"

#include <fairlead/ssh/limits.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int chosen = msg::userauth_gssapi_response;

Payload gssapi_request(std::initializer_list<std::string_view> mechanisms) {
  Payload payload = auth_request("gssapi-with-mic");
  payload.add(static_cast<std::uint32_t>(mechanisms.size()));
  for (const std::string_view mechanism : mechanisms) payload.add(mechanism);
  return payload;
}
Payload token(std::string_view text) {
  return {msg::userauth_gssapi_token, text};
}
Payload mic(std::string_view text) {
  return {msg::userauth_gssapi_mic, text};
}

// A mechanism has been chosen.
struct Chosen : LoginStage {
  Chosen() {
    send(gssapi_request({"other", "krb5"}));
    engine().choose_gssapi(as_bytes("krb5"));
    carry();
    EXPECT_THAT(answer_numbers(), ElementsAre(chosen));
    told();
  }
  void establish() {
    send(token("first"));
    engine().continue_gssapi({}, true);
    carry();
    told();
  }
};

TEST(Gssapi, TokensGoBackAndForthAndTheMicDecides) {
  LoginStage stage(all_methods(), {.fixed = 1});
  stage.send(gssapi_request({"other", "krb5"}));
  EXPECT_THAT(stage.told(), ElementsAre("AuthAttempt gssapi alice other krb5"));
  stage.engine().choose_gssapi(as_bytes("krb5"));
  stage.carry();
  auto told = stage.answers();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(equal(told[0], Payload(msg::userauth_gssapi_response, "krb5")));
  stage.send(token("ticket"));
  EXPECT_THAT(stage.told(), ElementsAre("GssapiToken ticket"));
  stage.engine().continue_gssapi({}, false);
  stage.send(token("last"));
  stage.engine().continue_gssapi({}, true);
  stage.carry();
  EXPECT_THAT(stage.answers(), IsEmpty()) << "an empty token is not sent";
  stage.told();
  stage.send(mic("signed"));
  EXPECT_THAT(stage.told(), ElementsAre("GssapiMic signed"));
  stage.engine().accept_auth();
  stage.carry();
  EXPECT_THAT(stage.answer_numbers(), ElementsAre(success));
}

// UA-16.
TEST(Gssapi, TheMicCoversTheSessionAndTheUser) {
  const Bytes session = as_bytes("session");
  ByteBuffer expected;
  WireWriter(expected)
      .string(session)
      .byte(50)
      .string("alice")
      .string("ssh-connection")
      .string("gssapi-with-mic");
  EXPECT_TRUE(equal(gssapi_challenge(session, "alice"), expected.readable()));
}

// UA-16, CVE-2025-58181: the number of mechanisms was taken at its word.
TEST(Gssapi, Cve2025_58181_TheCountOfMechanismsIsBounded) {
  for (const std::uint32_t count : {0U, 17U, 100000U, 0xFFFFFFFFU}) {
    LoginStage stage;
    stage.send(auth_request("gssapi-with-mic").add(count).add("krb5"));
    EXPECT_THAT(stage.told(), ElementsAre("AuthRefused alice gssapi-with-mic no mechanisms, or too many"))
        << count;
    EXPECT_THAT(stage.answer_numbers(), ElementsAre(failed));
  }
  LoginStage short_list;
  short_list.send(auth_request("gssapi-with-mic").add(std::uint32_t{2}).add("krb5"));
  EXPECT_EQ(short_list.error(), Errc::bad_message);
  LoginStage most;
  Payload request = auth_request("gssapi-with-mic");
  request.add(static_cast<std::uint32_t>(limits::gssapi_mechanisms));
  for (std::size_t i = 0; i < limits::gssapi_mechanisms; ++i) request.add("m");
  most.send(request);
  EXPECT_THAT(most.told(), ElementsAre(testing::StartsWith("AuthAttempt gssapi alice m m")));
}

// Neither the choice nor a token is a proof: a careless owner who accepts them admits nobody.
TEST(Gssapi, NothingButAMicLogsIn) {
  LoginStage at_once;
  at_once.send(gssapi_request({"krb5"}));
  at_once.engine().accept_auth();
  at_once.carry();
  EXPECT_THAT(at_once.answer_numbers(), ElementsAre(failed));
  Chosen with_token;
  with_token.send(token("ticket"));
  with_token.engine().accept_auth();
  with_token.carry();
  EXPECT_THAT(with_token.answer_numbers(), ElementsAre(failed));
  Chosen partly;
  partly.send(token("ticket"));
  partly.engine().continue_auth({"password"});
  partly.carry();
  EXPECT_THAT(partly.answer_numbers(), ElementsAre(failed));
  EXPECT_FALSE(at_once.engine().authenticated() || with_token.engine().authenticated());
}

TEST(Gssapi, AnExchangeWithoutAMicIsRefused) {
  Chosen stage;
  stage.establish();
  stage.send(Payload(msg::userauth_gssapi_exchange_complete));
  EXPECT_THAT(stage.told(), ElementsAre("AuthRefused alice gssapi-with-mic no MIC"));
  EXPECT_THAT(stage.answer_numbers(), ElementsAre(failed));
}

TEST(Gssapi, MessagesOutOfTurnDisconnect) {
  Chosen early_mic;
  early_mic.send(mic("signed"));
  EXPECT_EQ(early_mic.error(), Errc::unexpected_message);
  Chosen late_token;
  late_token.establish();
  late_token.send(token("more"));
  EXPECT_EQ(late_token.error(), Errc::unexpected_message);
  LoginStage no_exchange;
  no_exchange.send(token("ticket"));
  EXPECT_EQ(no_exchange.error(), Errc::unexpected_message);
  Chosen answers;
  answers.send(Payload(msg::userauth_gssapi_error, std::uint32_t{1}, std::uint32_t{1}, "", ""));
  EXPECT_EQ(answers.error(), Errc::unexpected_message) << "only a server says that";
}

// Our own client would not take a token: it has no mechanism. So without a connection below.
struct InTheClear {
  InTheClear() {
    take(gssapi_request({"krb5"}));
    server.choose_gssapi(as_bytes("krb5"));
    transport.take_sent();
  }
  Result<std::optional<EngineEvent>> take(const Payload& payload) {
    const Bytes bytes = payload;
    message.assign(bytes.begin(), bytes.end());
    return server.on_message(message);
  }
  EngineConfig config = all_methods();
  PlainTransport transport;
  UserAuthServer server{config, transport};
  std::vector<std::byte> message;
};

TEST(Gssapi, TokensAreAnsweredAndCounted) {
  InTheClear stage;
  EXPECT_EQ(stage.transport.dialogue(), AuthDialogue::gssapi);
  for (unsigned i = 0; i < limits::auth_rounds; ++i) {
    ASSERT_TRUE(stage.take(token("t")));
    stage.server.continue_gssapi(as_bytes("reply"), false);
    const auto sent = stage.transport.take_sent();
    ASSERT_THAT(sent, SizeIs(1));
    EXPECT_TRUE(equal(sent[0], token("reply")));
  }
  EXPECT_FALSE(stage.take(token("t")));
}

TEST(Gssapi, AFailureOfTheMechanismIsTold) {
  InTheClear stage;
  ASSERT_TRUE(stage.take(token("bad")));
  GssapiFailure failure;
  failure.major = 7;
  failure.message = "no credentials";
  failure.token = {std::byte{'e'}};
  stage.server.reject_gssapi(failure);
  const auto sent = stage.transport.take_sent();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_TRUE(equal(sent[0], Payload(msg::userauth_gssapi_error, std::uint32_t{7}, std::uint32_t{0},
                                     "no credentials", "")));
  EXPECT_TRUE(equal(sent[1], Payload(msg::userauth_gssapi_errtok, "e")));
  EXPECT_EQ(sent[2][0], std::byte{msg::userauth_failure});
  EXPECT_EQ(stage.transport.dialogue(), AuthDialogue::none);
}

// RFC 4462 section 3.10: the client goes on to another method by itself.
TEST(Gssapi, AClientWhoseMechanismFailedIsNotAnswered) {
  Chosen stage;
  stage.send(Payload(msg::userauth_gssapi_errtok, "oops"));
  EXPECT_THAT(stage.told(), ElementsAre("AuthRefused alice gssapi-with-mic the client's mechanism failed"));
  EXPECT_THAT(stage.answers(), IsEmpty());
  stage.send(token("t"));
  EXPECT_EQ(stage.error(), Errc::unexpected_message);
}

}  // namespace
}  // namespace fairlead::ssh::test
