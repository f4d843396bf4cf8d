// SPDX-License-Identifier: Apache-2.0
// accept() and connect() with certificates of users and of hosts.
#include "support/certificate_maker.hpp"
#include "unit/ssh/raw_end.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::uint64_t seconds_now() {
  return static_cast<std::uint64_t>(
      std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count());
}

// Trusts one CA for alice, whatever the principals; the engine has looked at the rest.
class CertificateAuthenticator final : public TestAuthenticator {
 public:
  explicit CertificateAuthenticator(PublicKey authority) : authority_(std::move(authority)) {}
  [[nodiscard]] Task<Verdict> certificate(const AuthContext& context, const Certificate& certificate,
                                          const CertificateProof& proof) override {
    asked.push_back(std::string(proof.verified ? "certificate " : "query ") + context.user + " " +
                    certificate.key_id());
    const bool right = context.user == "alice" && certificate.authority() == authority_;
    co_return right ? Verdict::accepted : Verdict::refused;
  }
  void refused(const AuthContext& context, LoginRefusal why) override {
    EXPECT_EQ(context.user, "alice");
    EXPECT_FALSE(context.session_id.empty());
    refusals.push_back(why);
  }
  std::vector<LoginRefusal> refusals;

 private:
  PublicKey authority_;
};

class CertificateLogins : public testing::Test {
 protected:
  CertificateLogins() {
    pair_.server->authenticator = authenticator_;
    pair_.client->password.reset();
    pair_.client->keys = {key_};
  }
  Certificate certify(const CertificateRecipe& recipe) const {
    return make_certificate(recipe, key_.public_key(), ca_);
  }
  void run() { loop_.run(pair_.run(outcome_)); }
  void run_with(const CertificateRecipe& recipe) {
    pair_.client->certificates = {certify(recipe)};
    run();
  }
  // The server's host key gets a certificate, and the client trusts its CA for this name.
  void certify_host(const CertificateRecipe& recipe, const std::string& name) {
    pair_.client->password = "secret";
    pair_.client->keys.clear();
    const auto host_key = make_key();
    pair_.server = std::make_shared<ServerConfig>(*pair_.server);  // what is in use does not change
    pair_.server->host_keys =
        local_host_keys({host_key}, {make_certificate(recipe, host_key.public_key(), ca_)});
    pair_.client->accept_host_key = [this](const PublicKey& key) {
      keys_shown_.push_back(key.text());
      return false;
    };
    pair_.client->host_authorities = {ca_.public_key()};
    pair_.client->host_name = name;
    host_key_ = host_key.public_key();
  }

  Loop loop_;
  LoginPair pair_;
  LoginOutcome outcome_;
  PrivateKey ca_ = make_key(PrivateKey::Type::ecdsa_p256), key_ = make_key();
  std::shared_ptr<CertificateAuthenticator> authenticator_ =
      std::make_shared<CertificateAuthenticator>(ca_.public_key());
  std::vector<std::string> keys_shown_;
  PublicKey host_key_;
};

RevocationList revoked(const PublicKey& key) {
  return RevocationList::from_bytes(as_bytes(key.text() + "\n")).value();
}

TEST_F(CertificateLogins, AUserCertificateLetsIn) {
  run_with({.key_id = "laptop"});
  ASSERT_TRUE(outcome_.server && outcome_.client);
  EXPECT_EQ(outcome_.server->login.method, "publickey");
  EXPECT_EQ(outcome_.server->login.key_fingerprint, key_.public_key().fingerprint());
  EXPECT_THAT(authenticator_->asked, ElementsAre("certificate alice laptop"));
}

TEST_F(CertificateLogins, AnRsaCertificateLetsIn) {
  key_ = make_key(PrivateKey::Type::rsa_3072);
  pair_.client->keys = {key_};
  run_with({.type = "ssh-rsa-cert-v01@openssh.com"});
  EXPECT_TRUE(outcome_.server && outcome_.client);
}

TEST_F(CertificateLogins, AnApplicationThatKnowsNothingOfCertificatesRefusesThem) {
  pair_.server->authenticator = pair_.authenticator;
  pair_.client->certificates = {certify({})};
  run();
  EXPECT_FALSE(outcome_.server);
  // The plain key behind it is asked about as such.
  EXPECT_THAT(pair_.authenticator->asked, ElementsAre("verified alice ssh-ed25519"));
}

// UA-12: whatever the application would say.
TEST_F(CertificateLogins, WhatTheCertificateSaysOfItselfIsEnforcedBeforeAnyoneIsAsked) {
  const std::vector<std::pair<CertificateRecipe, std::string>> recipes{
      {{.before = seconds_now() - 5}, "expired"},
      {{.after = seconds_now() + 1000}, "not valid yet"},
      {{.role = 2}, "host certificate"},
      {{.principals = {}}, "no principal"},
      {{.critical = {{"moon", ""}}}, "critical option"},
      {{.critical = {valued("source-address", "192.0.2.0/24")}}, "source address"},
      {{.critical = {valued("source-address", "")}}, "source address"},
  };
  for (const auto& [recipe, reason] : recipes) {
    authenticator_->asked.clear();
    outcome_ = {};
    run_with(recipe);
    EXPECT_FALSE(outcome_.server) << reason;
    EXPECT_THAT(authenticator_->asked, ElementsAre("verified alice ssh-ed25519")) << reason;
    EXPECT_THAT(*pair_.events, Contains(HasSubstr(reason)));
    EXPECT_THAT(authenticator_->refusals, ElementsAre(LoginRefusal::certificate)) << "whoever counts is told";
    authenticator_->refusals.clear();
  }
  outcome_ = {};
  run_with({.critical = {valued("source-address", "127.0.0.0/8")}});
  EXPECT_TRUE(outcome_.server);
}

TEST_F(CertificateLogins, ACertificateThatItsCaHasNotSignedIsToldToo) {
  auto blob = certificate_blob({}, key_.public_key(), ca_);
  blob.back() ^= std::byte{1};
  serve_raw(loop_, pair_, outcome_, [&](RawEnd& client) -> Task<> {
    client.send(Payload(msg::userauth_request, "alice", "ssh-connection", "publickey", false,
                        "ssh-ed25519-cert-v01@openssh.com", blob));
    client.send(Payload(msg::userauth_request, "alice", "ssh-connection", "hostbased", "what it says"));
    co_await client.receive(2);
  });
  EXPECT_THAT(authenticator_->refusals, ElementsAre(LoginRefusal::key, LoginRefusal::method));
}

TEST_F(CertificateLogins, ACertificateForAnotherKeyIsNotShown) {
  pair_.client->certificates = {make_certificate({}, make_key().public_key(), ca_)};
  run();
  EXPECT_THAT(authenticator_->asked, ElementsAre("verified alice ssh-ed25519"));
}

TEST_F(CertificateLogins, AHostCertificateOfATrustedCaNeedsNoKnownKey) {
  certify_host({.role = 2, .principals = {"box.example.com"}}, "Box.Example.COM");
  run();
  ASSERT_TRUE(outcome_.client) << to_string(*outcome_.client_error);
  EXPECT_THAT(keys_shown_, IsEmpty());
  EXPECT_THAT(outcome_.client->connection.negotiated(), HasSubstr("ssh-ed25519-cert-v01@openssh.com"));
}

TEST_F(CertificateLogins, AHostCertificateForAnotherHostOrTimeIsRefused) {
  const std::vector<std::pair<CertificateRecipe, std::string>> cases{
      {{.role = 2, .principals = {"box.example.com"}}, "other.example.com"},
      {{.role = 2, .principals = {"box.example.com"}}, ""},
      {{.role = 2, .principals = {"*"}}, ""},
      {{.role = 2, .principals = {}}, "box.example.com"},
      {{.role = 2, .principals = {"box.example.com"}, .before = seconds_now() - 5}, "box.example.com"},
      {{.role = 2, .principals = {"box.example.com"}, .critical = {{"moon", ""}}}, "box.example.com"},
  };
  for (const auto& [recipe, name] : cases) {
    outcome_ = {};
    certify_host(recipe, name);
    run();
    ASSERT_TRUE(outcome_.client_error) << name;
    EXPECT_EQ(outcome_.client_error->code, Errc::host_key_rejected);
    EXPECT_THAT(keys_shown_, IsEmpty()) << "nobody is asked about the key behind a bad certificate";
  }
}

TEST_F(CertificateLogins, ARevokedHostCertificateIsRefusedThoughItsCaIsTrusted) {
  const CertificateRecipe recipe{.role = 2, .principals = {"box.example.com"}};
  for (const bool the_ca : {false, true}) {
    outcome_ = {};
    certify_host(recipe, "box.example.com");
    pair_.client->accept_host_key = [](const PublicKey&) { return true; };
    pair_.client->revoked_host_keys = revoked(the_ca ? ca_.public_key() : host_key_);
    run();
    ASSERT_TRUE(outcome_.client_error);
    EXPECT_EQ(outcome_.client_error->code, Errc::host_key_rejected);
  }
  outcome_ = {};
  pair_.client->revoked_host_keys = revoked(make_key().public_key());
  run();
  EXPECT_TRUE(outcome_.client) << "another key's revocation means nothing";
}

TEST_F(CertificateLogins, AUserCertificateIsNoHosts) {
  certify_host({.role = 1, .principals = {"box.example.com"}}, "box.example.com");
  run();
  // It is not even offered: the plain key is.
  EXPECT_FALSE(outcome_.client);
  EXPECT_THAT(keys_shown_, ElementsAre(host_key_.text()));
}

// As OpenSSH: to who does not trust the CA it is a key like any other.
TEST_F(CertificateLogins, AHostCertificateOfAStrangerIsAKey) {
  certify_host({.role = 2, .principals = {"box.example.com"}}, "box.example.com");
  pair_.client->host_authorities = {make_key().public_key()};
  pair_.client->accept_host_key = [this](const PublicKey& key) { return key == host_key_; };
  run();
  EXPECT_TRUE(outcome_.client);
}

}  // namespace
}  // namespace fairlead::ssh::test
