// SPDX-License-Identifier: Apache-2.0
// RFC 4252 as a server sees it: an engine against a client that sends any request.
#include "protocol/message_numbers.hpp"
#include "protocol/user_auth_server.hpp"
#include "support/software_token.hpp"
#include "support/ssh_peers.hpp"

#include <fairlead/ssh/limits.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using KeyType = PrivateKey::Type;

constexpr const char* connection = "ssh-connection";
constexpr const char* host_bound = "publickey-hostbound-v00@openssh.com";

const PrivateKey& user_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::ed25519).value();
  return key;
}

// What a publickey request says; the defaults make a good one.
struct KeyRequest {
  std::string user = "alice";
  std::string method = "publickey";
  std::string algorithm = "ssh-ed25519";
  Bytes blob = user_key().public_key().blob();
  Bytes host_key = {};  // hostbound only

  [[nodiscard]] std::vector<std::byte> fields(std::uint8_t is_signed) const {
    ByteBuffer buffer;
    WireWriter writer(buffer);
    writer.byte(msg::userauth_request).string(user).string(connection).string(method).byte(is_signed);
    writer.string(algorithm).string(blob);
    if (method == host_bound) writer.string(host_key);
    return {buffer.readable().begin(), buffer.readable().end()};
  }
  [[nodiscard]] std::vector<std::byte> query() const { return fields(0); }
  [[nodiscard]] std::vector<std::byte> signed_by(const PrivateKey& key, Bytes session_id) const {
    return with_signature(key.sign(algorithm, challenge(session_id)).value());
  }
  [[nodiscard]] std::vector<std::byte> challenge(Bytes session_id) const {
    ByteBuffer buffer;
    WireWriter(buffer).string(session_id).raw(fields(1));
    return {buffer.readable().begin(), buffer.readable().end()};
  }
  [[nodiscard]] std::vector<std::byte> with_signature(Bytes signature) const {
    ByteBuffer buffer;
    WireWriter(buffer).raw(fields(1)).string(signature);
    return {buffer.readable().begin(), buffer.readable().end()};
  }
};

Payload none(const char* user = "alice") {
  return {msg::userauth_request, user, connection, "none"};
}
Payload password(std::string_view word, std::string_view user = "alice") {
  return {msg::userauth_request, user, connection, "password", false, word};
}

// A server engine and a client that may send anything, after the key exchange.
struct Login {
  explicit Login(EngineConfig config = server_config()) : server(std::move(config)), client(client_config()) {
    server.host_keys.push_back(test_key());
    server.trusted_key = user_key().public_key();
    pump(server, client);
    server.clear_log();
  }
  // Sends all at once, and carries what comes of it.
  template <class... Payloads>
  void send(const Payloads&... payloads) {
    (client.transport().send(payloads), ...);
    pump(server, client);
  }
  [[nodiscard]] Bytes session_id() { return client.transport().session_id(); }
  [[nodiscard]] std::vector<int> answers() { return client.numbers(); }
  [[nodiscard]] bool in() { return server.engine().authenticated(); }
  [[nodiscard]] Errc error() const { return server.error() ? server.error()->code : Errc::cancelled; }

  EnginePeer server;
  TransportPeer client;
};

constexpr int failure_ = msg::userauth_failure, success_ = msg::userauth_success, pk_ok = msg::userauth_pk_ok;

TEST(UserAuthServer, NoneIsAnsweredWithTheMethods) {
  Login login;
  login.send(none());
  ASSERT_THAT(login.client.messages(), SizeIs(1));
  EXPECT_TRUE(equal(login.client.messages()[0], Payload(msg::userauth_failure, "publickey,password", false)));
  EXPECT_FALSE(login.in());
}

TEST(UserAuthServer, RightPasswordLogsIn) {
  Login login;
  login.send(password("wrong"), password("right"));
  EXPECT_THAT(login.answers(), ElementsAre(failure_, success_));
  EXPECT_THAT(login.server.log(),
              ElementsAre("AuthAttempt password alice wrong", "AuthAttempt password alice right"));
  EXPECT_TRUE(login.in());
}

// UA-4.
TEST(UserAuthServer, PipelinedRequestsAreAnsweredInOrderAndThoseAfterSuccessNot) {
  Login login;
  login.send(none(), password("bad"), password("right"), password("bad"), none());
  EXPECT_THAT(login.answers(), ElementsAre(failure_, failure_, success_));
  EXPECT_FALSE(login.server.error());
}

TEST(UserAuthServer, NothingIsTakenWhileAnAttemptIsDecided) {
  Login login;
  login.server.decides = false;
  login.send(password("one"), password("two"));
  EXPECT_THAT(login.server.log(), ElementsAre("AuthAttempt password alice one"));
  login.server.engine().reject_auth();
  login.server.work();
  EXPECT_THAT(login.server.log(),
              ElementsAre("AuthAttempt password alice one", "AuthAttempt password alice two"));
  login.server.engine().accept_auth();
  pump(login.server, login.client);
  EXPECT_THAT(login.answers(), ElementsAre(failure_, success_));
}

TEST(UserAuthServer, AnswersWithoutAnAttemptDoNothing) {
  Login login;
  login.server.engine().accept_auth();
  login.server.engine().reject_auth();
  login.server.engine().accept_auth_query();
  pump(login.server, login.client);
  EXPECT_THAT(login.answers(), IsEmpty());
  EXPECT_FALSE(login.in());
}

TEST(UserAuthServer, PartialSuccessIsToldAndDoesNotCount) {
  Login login;
  login.server.decides = false;
  login.send(password("first of two"));
  login.server.engine().continue_auth({"publickey"});
  pump(login.server, login.client);
  EXPECT_TRUE(equal(login.client.messages()[0], Payload(msg::userauth_failure, "publickey", true)));
  EXPECT_FALSE(login.in());
}

// UA-1, CVE-2018-10933, CVE-2025-32433.
TEST(UserAuthServer, ConnectionMessagesBeforeLoginDisconnect) {
  for (const std::uint8_t number : {msg::userauth_success, msg::global_request, msg::channel_open,
                                    msg::channel_data, msg::channel_request}) {
    Login login;
    login.send(none(), Payload(number));
    EXPECT_EQ(login.error(), Errc::unexpected_message) << int(number);
    EXPECT_THAT(login.answers(), ElementsAre(failure_));
  }
}

// UA-2.
TEST(UserAuthServer, ChangingTheUserOrTheServiceDisconnects) {
  Login user;
  user.send(none("alice"), password("right", "root"));
  EXPECT_EQ(user.error(), Errc::unexpected_message);
  EXPECT_FALSE(user.in());
  Login service;
  service.send(Payload(msg::userauth_request, "alice", "ssh-something", "none"));
  EXPECT_EQ(service.error(), Errc::service_not_available);
}

// UA-5.
TEST(UserAuthServer, SixFailuresDisconnect) {
  Login login;
  login.send(none());
  for (int i = 0; i < 40; ++i) login.send(password("bad"));
  EXPECT_EQ(login.error(), Errc::too_many_auth_attempts);
  EXPECT_EQ(login.server.count("AuthAttempt password alice bad"), limits::auth_failures);
  EXPECT_TRUE(login.client.told("Disconnected 2 Too many authentication failures"));
  // The free none, then five answers and the end.
  EXPECT_THAT(login.answers(), SizeIs(limits::auth_failures));
}

TEST(UserAuthServer, OnlyTheFirstNoneIsFree) {
  Login login;
  for (int i = 0; i < 40; ++i) login.send(none());
  EXPECT_EQ(login.error(), Errc::too_many_auth_attempts);
  EXPECT_THAT(login.answers(), SizeIs(limits::auth_failures));
}

TEST(UserAuthServer, AcceptedQueriesAreBoundedToo) {
  Login login;
  for (unsigned i = 0; i < limits::auth_requests; ++i) login.send(KeyRequest{}.query());
  EXPECT_FALSE(login.server.error());
  EXPECT_THAT(login.answers(), SizeIs(limits::auth_requests));
  login.send(KeyRequest{}.query());
  EXPECT_EQ(login.error(), Errc::too_many_auth_attempts);
  EXPECT_FALSE(login.in());
}

TEST(UserAuthServer, RefusedQueriesCountAsFailures) {
  Login login;
  login.server.trusted_key.reset();
  for (unsigned i = 0; i < limits::auth_failures; ++i) login.send(KeyRequest{}.query());
  EXPECT_EQ(login.error(), Errc::too_many_auth_attempts);
}

// UA-7.
TEST(UserAuthServer, BadPasswordFormsAreRefusedWithoutAsking) {
  Login login;
  login.send(Payload(msg::userauth_request, "alice", connection, "password", true, "right", "new"),
             password(std::string_view("right\0", 6)), password(std::string(limits::password + 1, 'x')));
  EXPECT_THAT(login.answers(), ElementsAre(failure_, failure_, failure_));
  EXPECT_THAT(login.server.log(), ElementsAre("AuthRefused alice password password change not supported",
                                              "AuthRefused alice password NUL in the password",
                                              "AuthRefused alice password password too long"));
  login.send(password(std::string(limits::password, 'x')));
  EXPECT_THAT(login.server.log().back(), testing::StartsWith("AuthAttempt password"));
}

// UA-8.
TEST(UserAuthServer, BadUserNamesFailLikeUnknownUsers) {
  const std::string longest(limits::user_name, 'u');
  for (const std::string& user :
       {std::string(), longest + "u", std::string("a\0b", 3), std::string("a\nb"), std::string("\x7f"),
        std::string("\xff"), std::string("\xc0\x80"), std::string("\xed\xa0\x80"),
        std::string("\xf4\x90\x80\x80"), std::string("\xc2\x85"), std::string("\xe2\x82")}) {
    Login login;
    login.send(password("right", user));
    ASSERT_THAT(login.client.messages(), SizeIs(1)) << user;
    EXPECT_TRUE(
        equal(login.client.messages()[0], Payload(msg::userauth_failure, "publickey,password", false)));
    EXPECT_FALSE(login.in());
  }
  for (const std::string& user :
       {longest, std::string("björn"), std::string("\xf0\x9f\x9a\xa2"), std::string("a b/c")}) {
    Login login;
    login.send(password("right", user));
    EXPECT_TRUE(login.in()) << user;
  }
}

// UA-17.
TEST(UserAuthServer, EveryRefusalIsTheSameBytes) {
  Login login;
  const Bytes garbage = as_bytes("not a key");
  login.send(none(), password("bad"), KeyRequest{.blob = garbage}.query(),
             KeyRequest{.algorithm = "ssh-rsa"}.query(),
             Payload(msg::userauth_request, "alice", connection, "keyboard-interactive", "", ""));
  ASSERT_THAT(login.client.messages(), SizeIs(5));
  for (const auto& answer : login.client.messages()) EXPECT_EQ(answer, login.client.messages()[0]);
}

TEST(UserAuthServer, MethodsNotOfferedAreRefusedWithoutAsking) {
  EngineConfig config = server_config();
  config.auth_methods = {"publickey"};
  Login login(config);
  login.send(password("right"));
  EXPECT_THAT(login.server.log(), ElementsAre("AuthRefused alice password method not offered"));
  EXPECT_TRUE(equal(login.client.messages()[0], Payload(msg::userauth_failure, "publickey", false)));
  config.auth_methods = {"password"};
  Login other(config);
  const KeyRequest bound{.method = host_bound, .host_key = test_key().public_key().blob()};
  other.send(KeyRequest{}.signed_by(user_key(), other.session_id()),
             bound.signed_by(user_key(), other.session_id()));
  EXPECT_THAT(other.answers(), ElementsAre(failure_, failure_));
}

TEST(UserAuthServer, NoneLogsInWhereItIsOffered) {
  EngineConfig config = server_config();
  config.auth_methods = {"none", "password"};
  Login login(config);
  login.server.decides = false;
  login.send(none());
  EXPECT_THAT(login.server.log(), ElementsAre("AuthAttempt none alice"));
  login.server.engine().reject_auth();
  pump(login.server, login.client);
  EXPECT_TRUE(equal(login.client.messages()[0], Payload(msg::userauth_failure, "password", false)));
}

TEST(UserAuthServer, SignedKeyLogsIn) {
  Login login;
  login.send(none(), KeyRequest{}.query(), KeyRequest{}.signed_by(user_key(), login.session_id()));
  EXPECT_THAT(login.answers(), ElementsAre(failure_, pk_ok, success_));
  EXPECT_TRUE(equal(login.client.messages()[1],
                    Payload(msg::userauth_pk_ok, "ssh-ed25519", user_key().public_key().blob())));
  EXPECT_THAT(login.server.log().back(), "AuthAttempt publickey alice ssh-ed25519");
}

// UA-9, CVE-2024-45337.
TEST(UserAuthServer, AQueryNeverLogsIn) {
  Login login;
  login.server.decides = false;
  login.send(KeyRequest{}.query());
  EXPECT_THAT(login.server.log(), ElementsAre("AuthAttempt query alice ssh-ed25519"));
  login.server.engine().accept_auth();  // a careless owner
  pump(login.server, login.client);
  EXPECT_THAT(login.answers(), ElementsAre(pk_ok));
  EXPECT_FALSE(login.in());
}

TEST(UserAuthServer, TheKeyThatIsAskedAboutIsNotTheKeyThatSigns) {
  const auto other = PrivateKey::generate(KeyType::ed25519).value();
  Login login;
  const KeyRequest with_other{.blob = other.public_key().blob()};
  login.send(KeyRequest{}.query(), with_other.signed_by(other, login.session_id()));
  EXPECT_THAT(login.answers(), ElementsAre(pk_ok, failure_));
  EXPECT_FALSE(login.in());
}

TEST(UserAuthServer, SignaturesThatDoNotCoverThisRequestAreRefused) {
  Login other_session;
  Login login;
  const auto good = user_key().sign("ssh-ed25519", KeyRequest{}.challenge(login.session_id())).value();
  auto truncated = good;
  truncated.pop_back();
  auto changed = good;
  changed.back() ^= std::byte{1};
  const auto for_bob =
      user_key().sign("ssh-ed25519", KeyRequest{.user = "bob"}.challenge(login.session_id())).value();
  login.send(KeyRequest{}.signed_by(user_key(), other_session.session_id()),
             KeyRequest{}.with_signature(for_bob), KeyRequest{}.with_signature(truncated),
             KeyRequest{}.with_signature(changed), KeyRequest{}.with_signature({}));
  EXPECT_THAT(login.answers(), ElementsAre(failure_, failure_, failure_, failure_, failure_));
  EXPECT_EQ(login.server.count("AuthRefused alice publickey signature does not verify"), 5U);
  EXPECT_FALSE(login.in());
}

// UA-10.
TEST(UserAuthServer, RsaSignsWithSha2Only) {
  const PrivateKey& rsa = test_key(KeyType::rsa_3072);
  for (const char* algorithm : {"rsa-sha2-256", "rsa-sha2-512"}) {
    Login login;
    login.server.trusted_key = rsa.public_key();
    const KeyRequest request{.algorithm = algorithm, .blob = rsa.public_key().blob()};
    login.send(request.signed_by(rsa, login.session_id()));
    EXPECT_TRUE(login.in()) << algorithm;
  }
  Login login;
  login.server.trusted_key = rsa.public_key();
  const KeyRequest sha1{.algorithm = "ssh-rsa", .blob = rsa.public_key().blob()};
  login.send(sha1.query(), sha1.with_signature(as_bytes("whatever")));
  EXPECT_THAT(login.answers(), ElementsAre(failure_, failure_));
  // A sha2-512 signature under the name of sha2-256.
  const KeyRequest named{.algorithm = "rsa-sha2-256", .blob = rsa.public_key().blob()};
  login.send(named.with_signature(rsa.sign("rsa-sha2-512", named.challenge(login.session_id())).value()));
  EXPECT_FALSE(login.in());
}

TEST(UserAuthServer, AlgorithmMustFitTheKey) {
  Login login;
  login.send(KeyRequest{.algorithm = "ecdsa-sha2-nistp256"}.query(), KeyRequest{.algorithm = ""}.query());
  EXPECT_THAT(login.answers(), ElementsAre(failure_, failure_));
}

TEST(UserAuthServer, EveryKeyTypeLogsIn) {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256, KeyType::ecdsa_p384, KeyType::ecdsa_p521}) {
    const PrivateKey& key = test_key(type);
    Login login;
    login.server.trusted_key = key.public_key();
    const KeyRequest request{.algorithm = std::string(key.public_key().type()),
                             .blob = key.public_key().blob()};
    login.send(request.signed_by(key, login.session_id()));
    EXPECT_TRUE(login.in()) << key.public_key().type();
  }
}

// UA-14.
// UA-13: what is asked for is decided by who knows the key; that it was signed over is decided here.
TEST(UserAuthServer, SecurityKeysLogInAndSayWhatTheirHolderDid) {
  for (const auto type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const SoftwareToken token(type);
    const KeyRequest request{.algorithm = token.type(), .blob = token.blob()};
    const auto signed_with = [&](Login& login, const TokenSays& says) {
      return request.with_signature(token.sign(request.challenge(login.session_id()), says));
    };
    Login login;
    login.server.trusted_key = token.public_key();
    login.send(request.query(), signed_with(login, {.flags = 5}));
    EXPECT_THAT(login.answers(), ElementsAre(pk_ok, success_));
    EXPECT_THAT(login.server.log(),
                ElementsAre("AuthAttempt query alice " + token.type(),
                            "AuthAttempt publickey alice " + token.type() + " touched verified"));
    Login untouched;
    untouched.server.decides = false;
    untouched.send(signed_with(untouched, {.flags = 0}));
    EXPECT_THAT(untouched.server.log(),
                ElementsAre("AuthAttempt publickey alice " + token.type() + " untouched unverified"));

    Login wrong;
    wrong.server.trusted_key = token.public_key();
    const auto challenge = request.challenge(wrong.session_id());
    auto truncated = token.sign(challenge);
    truncated.pop_back();
    auto touch_added = token.sign(challenge, {.flags = 0});
    touch_added[touch_added.size() - 5] = std::byte{1};
    wrong.send(signed_with(wrong, {.application = "ssh:other"}), request.with_signature(truncated),
               request.with_signature(touch_added), request.with_signature(token.sign(as_bytes("other"))));
    EXPECT_THAT(wrong.answers(), ElementsAre(failure_, failure_, failure_, failure_));
    EXPECT_FALSE(wrong.in());
  }
}

TEST(UserAuthServer, HostBoundKeysMustNameOurHostKey) {
  Login login;
  const KeyRequest bound{.method = host_bound, .host_key = test_key().public_key().blob()};
  login.send(bound.query(), bound.signed_by(user_key(), login.session_id()));
  EXPECT_THAT(login.answers(), ElementsAre(pk_ok, success_));
  Login elsewhere;
  const KeyRequest other{.method = host_bound, .host_key = user_key().public_key().blob()};
  elsewhere.send(other.signed_by(user_key(), elsewhere.session_id()));
  EXPECT_EQ(elsewhere.error(), Errc::bad_message);
}

TEST(UserAuthServer, MalformedRequestsDisconnect) {
  const auto good = KeyRequest{}.signed_by(user_key(), as_bytes("any session"));
  for (std::size_t size = 1; size < good.size(); size += 3) {
    Login login;
    login.send(Bytes(good).first(size));
    EXPECT_EQ(login.error(), Errc::bad_message) << size;
  }
  Login trailing;
  trailing.send(Payload(msg::userauth_request, "alice", connection, "password", false, "right", "more"));
  EXPECT_EQ(trailing.error(), Errc::bad_message);
  EXPECT_FALSE(trailing.in());
}

TEST(UserAuthServer, TheBannerComesOnceBeforeTheFirstAnswer) {
  EngineConfig config = server_config();
  config.banner = "Welcome\x1b\a\nto\r the\xc2\x9b\xff box\r\n";  // no control characters (UA-18)
  Login login(config);
  login.send(none(), password("right"));
  EXPECT_THAT(login.answers(), ElementsAre(msg::userauth_banner, failure_, success_));
  EXPECT_TRUE(
      equal(login.client.messages()[0], Payload(msg::userauth_banner, "Welcome\r\nto the box\r\n", "")));
}

TEST(UserAuthServer, AnExplanationComesBeforeTheAnswerAndAfterTheBanner) {
  EngineConfig config = server_config();
  config.banner = "Welcome";
  Login login(config);
  login.server.decides = false;
  login.server.engine().show_banner("nobody has asked");
  login.send(password("right"));
  login.server.engine().show_banner("The clock\nis wrong");
  login.server.engine().reject_auth();
  login.server.engine().show_banner("too late");
  login.server.work();
  pump(login.server, login.client);
  EXPECT_THAT(login.answers(), ElementsAre(msg::userauth_banner, msg::userauth_banner, failure_));
  EXPECT_TRUE(equal(login.client.messages()[0], Payload(msg::userauth_banner, "Welcome", "")));
  EXPECT_TRUE(equal(login.client.messages()[1], Payload(msg::userauth_banner, "The clock\r\nis wrong", "")));
}

// KX-9: keys may change while an attempt is being decided; its answer waits for the gate.
TEST(UserAuthServer, ARekeyDuringLoginDisturbsNothing) {
  Login login;
  login.server.decides = false;
  login.send(password("right"));
  login.client.transport().start_rekey();
  pump(login.server, login.client);
  login.server.engine().accept_auth();
  login.server.work();
  pump(login.server, login.client);
  EXPECT_THAT(login.answers(), ElementsAre(success_));
  EXPECT_TRUE(login.client.told("KeysReady again"));
}

}  // namespace
}  // namespace fairlead::ssh::test
