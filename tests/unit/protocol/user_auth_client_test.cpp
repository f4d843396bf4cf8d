// SPDX-License-Identifier: Apache-2.0
// RFC 4252 as our client sees it: against our server, and against servers that misbehave.
#include "unit/protocol/login_stage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using KeyType = PrivateKey::Type;

const PrivateKey& user_key() {
  static const PrivateKey key = PrivateKey::generate(KeyType::ed25519).value();
  return key;
}

struct Both : TwoEngines {
  Both() : TwoEngines(server_config()) { server.trusted_key = user_key().public_key(); }
};

TEST(UserAuthClient, LogsInWithPasswordAndKey) {
  Both both;
  both.client.engine().request_none("alice");
  both.run();
  both.client.engine().request_password("alice", as_bytes("wrong"));
  both.run();
  const auto& key = user_key().public_key();
  both.client.engine().request_public_key("alice", key.blob(), "ssh-ed25519");
  both.run();
  const auto challenge = both.client.engine().public_key_challenge("alice", key.blob(), "ssh-ed25519");
  both.client.engine().request_public_key_signed("alice", key.blob(), "ssh-ed25519",
                                                 user_key().sign("ssh-ed25519", challenge).value());
  both.run();
  EXPECT_THAT(both.client.log(),
              ElementsAre("AuthFailed publickey,password ", "AuthFailed publickey,password ",
                          "AuthQueryAccepted", "AuthSucceeded"));
  EXPECT_TRUE(both.client.engine().authenticated());
  EXPECT_TRUE(both.server.engine().authenticated());
}

TEST(UserAuthClient, OneRequestAtATime) {
  Both both;
  both.client.engine().request_none("alice");
  both.client.engine().request_password("alice", as_bytes("right"));
  both.run();
  EXPECT_THAT(both.client.log(), ElementsAre("AuthFailed publickey,password "));
}

// A server that misbehaves: what our client makes of it.
struct Rogue {
  Rogue() : server(server_config()), client(client_config(), 3) {
    server.host_keys.push_back(test_key());
    pump(server, client);
    client.clear_log();
  }
  void say(Bytes payload) {
    server.transport().send(payload);
    pump(server, client);
  }
  TransportPeer server;
  EnginePeer client;
};

// TH-3: nobody logs us in unasked.
TEST(UserAuthClient, UnaskedAnswersDisconnect) {
  for (const auto& payload : {Payload(msg::userauth_success), Payload(msg::userauth_failure, "", false)}) {
    Rogue rogue;
    rogue.say(payload);
    EXPECT_TRUE(rogue.client.error());
    EXPECT_FALSE(rogue.client.engine().authenticated());
  }
}

TEST(UserAuthClient, SuccessOfAQueryDisconnects) {
  Rogue rogue;
  rogue.client.engine().request_public_key("alice", user_key().public_key().blob(), "ssh-ed25519");
  pump(rogue.server, rogue.client);
  rogue.say(Payload(msg::userauth_success));
  EXPECT_TRUE(rogue.client.error());
  EXPECT_FALSE(rogue.client.engine().authenticated());
}

TEST(UserAuthClient, PkOkForAnotherKeyDisconnects) {
  Rogue rogue;
  rogue.client.engine().request_public_key("alice", user_key().public_key().blob(), "ssh-ed25519");
  pump(rogue.server, rogue.client);
  rogue.say(Payload(msg::userauth_pk_ok, "ssh-ed25519", test_key().public_key().blob()));
  EXPECT_TRUE(rogue.client.error());
}

TEST(UserAuthClient, AnExpiredPasswordIsAFailure) {
  Rogue rogue;
  rogue.client.engine().request_password("alice", as_bytes("old"));
  pump(rogue.server, rogue.client);
  rogue.say(Payload(60, "your password has expired", ""));
  EXPECT_THAT(rogue.client.log(), ElementsAre("AuthFailed  "));
}

TEST(UserAuthClient, BannersAreTold) {
  Rogue rogue;
  rogue.say(Payload(msg::userauth_banner, "hello", ""));
  EXPECT_THAT(rogue.client.log(), ElementsAre("AuthBanner hello"));
}

TEST(UserAuthClient, MalformedAnswersDisconnect) {
  for (const auto& payload : {Payload(msg::userauth_failure), Payload(msg::userauth_failure, "a,,b", false),
                              Payload(msg::userauth_pk_ok, "x")}) {
    Rogue rogue;
    rogue.client.engine().request_public_key("alice", user_key().public_key().blob(), "ssh-ed25519");
    pump(rogue.server, rogue.client);
    rogue.say(payload);
    EXPECT_TRUE(rogue.client.error());
  }
}

}  // namespace
}  // namespace fairlead::ssh::test
