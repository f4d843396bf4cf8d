// SPDX-License-Identifier: Apache-2.0
// Which CA may vouch for which user, what a certificate grants, and what is revoked.
#include "auth/user_certificates.hpp"

#include "auth/local_authenticator.hpp"
#include "support/certificate_maker.hpp"
#include "support/scratch.hpp"
#include "support/software_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::auth {
namespace {

using ssh::Verdict;
using ssh::test::CertificateRecipe;
using ssh::test::valued;
using testing::Contains;
using testing::HasSubstr;

ssh::PrivateKey make_key() {
  return ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519).value();
}

class UserCertificates : public testing::Test {
 protected:
  // `users` is the mapping's content in YAML's flow style.
  std::expected<std::shared_ptr<const Users>, config::Errors> parse(const std::string& users) {
    return Users::parse("users: {" + users + "}", "u", std::make_shared<config::Config>(config_));
  }
  Decision decide(const std::string& users, const CertificateRecipe& recipe,
                  const ssh::CertificateProof& proof = {.verified = true, .use = {}}) {
    return decide(users, ssh::test::make_certificate(recipe, key_.public_key(), ca_), proof);
  }
  Decision decide(const std::string& users, const ssh::Certificate& certificate,
                  const ssh::CertificateProof& proof) {
    const auto parsed = parse(users);
    EXPECT_TRUE(parsed) << parsed.error().front();
    return decide_certificate(**parsed, context(), certificate, proof);
  }
  ssh::AuthContext context() const {
    ssh::AuthContext context;
    context.user = user_;
    context.remote_address = "192.0.2.7";
    return context;
  }
  // A user whose keys are this line alone.
  std::string with_line(const std::string& options) const {
    return "alice: {authorizedKeys: ['" + options + " " + ca_.public_key().text() + "']}";
  }
  void trust() { config_.auth.local_trusted_user_ca_keys = {ca_.public_key().text()}; }
  void revoke(const std::string& list) {
    config_.auth.local_revoked_keys = directory_.write("revoked", list);
  }

  ssh::PrivateKey ca_ = make_key(), key_ = make_key();
  config::Config config_;
  std::string user_ = "alice";
  test::ScratchDirectory directory_;
};

TEST_F(UserCertificates, ATrustedCaVouchesForWhomItNames) {
  EXPECT_EQ(decide("alice: {}", {}).reason, "the certificate's CA is not trusted");
  trust();
  const Decision decision = decide("alice: {}", {});
  EXPECT_EQ(decision.verdict, Verdict::accepted);
  EXPECT_EQ(decision.permissions, Permissions{});
  EXPECT_EQ(decide("alice: {}", {.principals = {"bob", "alice"}}).verdict, Verdict::accepted);
  for (const std::vector<std::string>& principals :
       {std::vector<std::string>{"bob"}, {"Alice"}, {"alic"}, {"alice "}, {"*"}, {"alice,bob"}})
    EXPECT_THAT(decide("alice: {}", {.principals = principals}).reason,
                HasSubstr("no principal of this user"))
        << principals.front();
  EXPECT_THAT(decide("alice: {}", {.principals = {}}).reason, HasSubstr("no principal"));
  EXPECT_EQ(decide("bob: {}", {}).reason, "unknown user");
}

TEST_F(UserCertificates, AUsersPrincipalsReplaceTheName) {
  trust();
  const std::string users = "alice: {principals: [ops, alice@example.com]}";
  EXPECT_EQ(decide(users, {.principals = {"ops"}}).verdict, Verdict::accepted);
  EXPECT_EQ(decide(users, {.principals = {"x", "alice@example.com"}}).verdict, Verdict::accepted);
  EXPECT_EQ(decide(users, {}).verdict, Verdict::refused);
  EXPECT_EQ(decide("alice: {principals: []}", {}).verdict, Verdict::refused) << "nobody";
}

TEST_F(UserCertificates, AreCheckedThemselves) {
  trust();
  EXPECT_THAT(decide("alice: {}", {.before = 1000}).reason, HasSubstr("expired"));
  EXPECT_THAT(decide("alice: {}", {.role = 2}).reason, HasSubstr("host certificate"));
  EXPECT_THAT(decide("alice: {}", {.critical = {{"moon", ""}}}).reason, HasSubstr("critical option"));
  EXPECT_THAT(decide("alice: {}", {.critical = {valued("source-address", "10.0.0.0/8")}}).reason,
              HasSubstr("source address"));
  EXPECT_EQ(decide("alice: {}", {.critical = {valued("source-address", "192.0.2.0/24")}}).verdict,
            Verdict::accepted);
}

TEST_F(UserCertificates, GrantWhatTheySay) {
  trust();
  const Decision nothing =
      decide("alice: {}", {.critical = {valued("force-command", "date")}, .extensions = {}});
  ASSERT_EQ(nothing.verdict, Verdict::accepted);
  EXPECT_EQ(nothing.permissions, (Permissions{.forced_command = "date",
                                              .environment = {},
                                              .pty = false,
                                              .port_forwarding = false,
                                              .agent_forwarding = false,
                                              .x11_forwarding = false}));
  EXPECT_TRUE(decide("alice: {}", {.extensions = {{"permit-pty", ""}}}).permissions.pty);
}

TEST_F(UserCertificates, ALineOfTheUserVouchesForItsPrincipals) {
  EXPECT_EQ(decide(with_line("cert-authority"), {}).verdict, Verdict::accepted);
  EXPECT_EQ(decide(with_line("cert-authority"), {.principals = {"bob"}}).verdict, Verdict::refused);
  const std::string named = with_line("cert-authority,principals=\"desk,phone\"");
  EXPECT_EQ(decide(named, {.principals = {"phone"}}).verdict, Verdict::accepted);
  EXPECT_EQ(decide(named, {}).verdict, Verdict::refused) << "the name is no longer one of them";
  // A key that is no CA's vouches for nobody, and a CA's key admits nobody.
  EXPECT_EQ(decide(with_line("restrict"), {}).verdict, Verdict::refused);
  PasswordChecker checker(1);
  const LocalAuthenticator local(parse(with_line("cert-authority")).value(), checker);
  EXPECT_EQ(local.public_key(context(), ca_.public_key()).verdict, Verdict::refused);
  EXPECT_EQ(local.public_key(context(), key_.public_key()).verdict, Verdict::refused);
}

TEST_F(UserCertificates, ALineRestrictsWhatACertificatePermits) {
  const Decision both = decide(with_line("cert-authority,no-pty,environment=\"A=b\",command=\"date\""),
                               {.extensions = {{"permit-pty", ""}, {"permit-user-rc", ""}}});
  ASSERT_EQ(both.verdict, Verdict::accepted) << both.reason;
  EXPECT_FALSE(both.permissions.pty) << "the line";
  EXPECT_FALSE(both.permissions.port_forwarding) << "the certificate";
  EXPECT_EQ(both.permissions.forced_command, "date");
  EXPECT_EQ(both.permissions.environment.at("A"), "b");
  const CertificateRecipe forced{.critical = {valued("force-command", "date")}};
  EXPECT_EQ(decide(with_line("cert-authority,command=\"date\""), forced).verdict, Verdict::accepted);
  EXPECT_THAT(decide(with_line("cert-authority,command=\"uptime\""), forced).reason,
              HasSubstr("different commands"));
  EXPECT_THAT(decide(with_line("cert-authority,from=\"10.0.0.0/8\""), {}).reason, HasSubstr("address"));
  EXPECT_THAT(decide(with_line("cert-authority,expiry-time=\"20200101\""), {}).reason, HasSubstr("expired"));
  EXPECT_THAT(decide(with_line("cert-authority,verify-required"), {}).reason, HasSubstr("security key"));
}

TEST_F(UserCertificates, ALineThatRefusesDoesNotHideATrustedCa) {
  trust();
  EXPECT_EQ(decide(with_line("cert-authority,from=\"10.0.0.0/8\""), {}).verdict, Verdict::accepted);
  // The line is first where it applies.
  EXPECT_EQ(decide(with_line("cert-authority,command=\"date\""), {}).permissions.forced_command, "date");
}

TEST_F(UserCertificates, TokensMustDoWhatCertificateOrLineDemand) {
  const ssh::test::SoftwareToken token;
  CertificateRecipe recipe{.extensions = {{"no-touch-required", ""}}};
  recipe.type = "sk-ssh-ed25519-cert-v01@openssh.com";
  const auto free = ssh::test::make_certificate(recipe, token.public_key(), ca_);
  recipe.extensions.clear();
  const auto strict = ssh::test::make_certificate(recipe, token.public_key(), ca_);
  const ssh::CertificateProof untouched{.verified = true, .use = ssh::SecurityKeyUse{}};
  const ssh::CertificateProof touched{.verified = true, .use = ssh::SecurityKeyUse{.touched = true}};
  trust();
  EXPECT_EQ(decide("alice: {}", free, untouched).verdict, Verdict::accepted);
  EXPECT_EQ(decide("alice: {}", strict, untouched).verdict, Verdict::refused);
  EXPECT_EQ(decide("alice: {}", strict, touched).verdict, Verdict::accepted);
  config_.auth.local_trusted_user_ca_keys.clear();
  EXPECT_EQ(decide(with_line("cert-authority"), free, untouched).verdict, Verdict::refused)
      << "both must waive it";
  EXPECT_EQ(decide(with_line("cert-authority,no-touch-required"), free, untouched).verdict,
            Verdict::accepted);
  EXPECT_EQ(decide(with_line("cert-authority,no-touch-required"), strict, untouched).verdict,
            Verdict::refused);
  EXPECT_EQ(decide(with_line("cert-authority,verify-required"), strict, touched).verdict, Verdict::refused);
}

TEST_F(UserCertificates, WhatIsRevokedAdmitsNobody) {
  trust();
  revoke(make_key().public_key().text());
  EXPECT_EQ(decide("alice: {}", {}).verdict, Verdict::accepted);
  revoke(key_.public_key().text());
  EXPECT_EQ(decide("alice: {}", {}).reason, "revoked");
  EXPECT_EQ(decide(with_line("cert-authority"), {}).reason, "revoked");
  revoke(ca_.public_key().text() + " the CA\n");
  EXPECT_EQ(decide("alice: {}", {}).reason, "revoked");

  PasswordChecker checker(1);
  const std::string plain = "alice: {authorizedKeys: ['" + key_.public_key().text() + "']}";
  EXPECT_EQ(LocalAuthenticator(*parse(plain), checker).public_key(context(), key_.public_key()).verdict,
            Verdict::accepted);
  revoke(key_.public_key().text());
  EXPECT_EQ(LocalAuthenticator(*parse(plain), checker).public_key(context(), key_.public_key()).reason,
            "revoked");
}

TEST_F(UserCertificates, AListThatCannotBeReadRefusesEveryKeyAndSaysSo) {
  trust();
  const std::string users = "alice: {authorizedKeys: ['" + key_.public_key().text() + "']}";
  for (const std::string& file : {directory_.file("missing"), directory_.write("bad", "nonsense\n"),
                                  directory_.write("cut", std::string_view("SSHKRL\n\0\0\0", 10))}) {
    config_.auth.local_revoked_keys = file;
    const auto parsed = parse(users);
    ASSERT_TRUE(parsed) << "it does not stop the daemon";
    EXPECT_THAT((*parsed)->warnings(), Contains(HasSubstr("every key is refused"))) << file;
    PasswordChecker checker(1);
    const LocalAuthenticator local(*parsed, checker);
    EXPECT_THAT(local.public_key(context(), key_.public_key()).reason, HasSubstr("cannot be read"));
    EXPECT_THAT(decide(users, {}).reason, HasSubstr("cannot be read"));
  }
}

TEST_F(UserCertificates, TrustedCasComeFromLinesAndFiles) {
  const std::string line = ca_.public_key().text();
  config_.auth.local_trusted_user_ca_keys = {make_key().public_key().text(),
                                             directory_.write("cas", "# ours\n\n" + line + " comment\n")};
  EXPECT_EQ(decide("alice: {}", {}).verdict, Verdict::accepted);
  EXPECT_THAT((*parse("alice: {}"))->warnings(), testing::IsEmpty()) << "alice can log in";
  const auto error_of = [this](const std::string& item) {
    config_.auth.local_trusted_user_ca_keys = {item};
    const auto parsed = parse("alice: {}");
    return parsed ? std::string() : parsed.error().front();
  };
  EXPECT_THAT(error_of(directory_.file("missing")), HasSubstr("auth.local.trustedUserCAKeys"));
  EXPECT_THAT(error_of("ssh-ed25519 AAAA"), HasSubstr("auth.local.trustedUserCAKeys"));
  EXPECT_THAT(error_of(directory_.write("bad", line + "\nnonsense\n")), HasSubstr("line 2"));
  EXPECT_THAT(error_of(directory_.write("options", "restrict " + line)), HasSubstr("no options"));
}

}  // namespace
}  // namespace fairlead::auth
