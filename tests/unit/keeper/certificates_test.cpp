// SPDX-License-Identifier: Apache-2.0
// Certificates through the keeper: verdicts about users', and the host's own.
#include "crypto/hash.hpp"
#include "keeper/adapters.hpp"
#include "keeper/host_keys.hpp"
#include "keeper/local_keeper.hpp"
#include "line_sink.hpp"
#include "support/certificate_maker.hpp"
#include "support/scratch.hpp"
#include "support/software_token.hpp"
#include "unit/auth/run_task.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::keeper {
namespace {

using ssh::Verdict;
using ssh::test::CertificateRecipe;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

ssh::PrivateKey make_key() {
  return ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519).value();
}

class KeeperCertificates : public testing::Test {
 protected:
  KeeperCertificates() {
    auto config = std::make_shared<config::Config>();
    config->auth = auth_;
    config->auth.local_trusted_user_ca_keys = {ca_.public_key().text()};
    users_ = auth::Users::parse("users: {alice: {}}", "u", config).value();
    keeper_ = std::make_shared<LocalKeeper>(std::vector{host_}, auth_, users_);
  }
  ssh::Certificate certify(const CertificateRecipe& recipe) const {
    return ssh::test::make_certificate(recipe, key_.public_key(), ca_);
  }
  Verdict ask(LoginAuthenticator& login, const CertificateRecipe& recipe, bool verified) const {
    ssh::AuthContext context;
    context.user = "alice";
    context.remote_address = "192.0.2.7";
    return test::run(login.certificate(context, certify(recipe), {.verified = verified, .use = {}}));
  }

  ssh::PrivateKey host_ = make_key(), ca_ = make_key(), key_ = make_key();
  config::Auth auth_{.public_key_method = "local"};
  std::shared_ptr<const auth::Users> users_;
  std::shared_ptr<LocalKeeper> keeper_;
  std::shared_ptr<LineSink> sink_ = std::make_shared<LineSink>();
  observe::Log log_{sink_, observe::Level::debug};
};

// CVE-2024-45337.
TEST_F(KeeperCertificates, OnlyTheVerifiedOneGrants) {
  LoginAuthenticator login(keeper_, "0123", log_);
  const CertificateRecipe bare{.serial = 77, .key_id = "laptop", .extensions = {}};
  EXPECT_EQ(ask(login, {}, false), Verdict::accepted);
  EXPECT_EQ(login.permissions(), auth::Permissions{});
  EXPECT_THAT(sink_->lines, SizeIs(0)) << "a query is no login";
  EXPECT_EQ(ask(login, bare, true), Verdict::accepted);
  EXPECT_FALSE(login.permissions().pty);
  EXPECT_EQ(ask(login, {}, false), Verdict::accepted);
  EXPECT_FALSE(login.permissions().pty) << "a later query changes nothing";
  ASSERT_THAT(sink_->lines, SizeIs(1));
  EXPECT_THAT(sink_->lines[0], HasSubstr("SSH_AUTH_SUCCESSFUL"));
  EXPECT_THAT(sink_->lines[0], HasSubstr("certificateId=laptop certificateSerial=77 certificateAuthority=" +
                                         ca_.public_key().fingerprint()));
}

TEST_F(KeeperCertificates, RefusalsAreLoggedWithTheirReason) {
  LoginAuthenticator login(keeper_, "0123", log_);
  EXPECT_EQ(ask(login, {.principals = {"bob"}}, false), Verdict::refused);
  EXPECT_EQ(ask(login, {.before = 1}, true), Verdict::refused);
  ASSERT_THAT(sink_->lines, SizeIs(2));
  EXPECT_THAT(sink_->lines[0], HasSubstr("no principal of this user"));
  EXPECT_THAT(sink_->lines[1], HasSubstr("expired"));
  EXPECT_EQ(login.permissions(), auth::Permissions{});
}

TEST_F(KeeperCertificates, WhatTheEngineRefusesCountsAsAGuess) {
  using ssh::LoginRefusal;
  for (const LoginRefusal why :
       {LoginRefusal::method, LoginRefusal::password, LoginRefusal::key, LoginRefusal::signature,
        LoginRefusal::certificate, LoginRefusal::dialogue}) {
    LoginAuthenticator login(keeper_, "0123", log_);
    EXPECT_FALSE(login.refused_somebody());
    login.refused({}, why);
    EXPECT_EQ(login.refused_somebody(), why != LoginRefusal::method);
  }
}

// The keeper believes nobody.
TEST_F(KeeperCertificates, MessagesAreCheckedAgain) {
  const auto decide = [this](std::vector<std::byte> blob, bool verified) {
    PublicKeyRequest request;
    request.client.user = "alice";
    request.client.remote_address = "192.0.2.7";
    request.key = std::move(blob);
    request.verified = verified;
    return test::run(keeper_->check_public_key(std::move(request)));
  };
  const auto good = certify({});
  std::vector<std::byte> blob(good.blob().begin(), good.blob().end());
  EXPECT_EQ(decide(blob, true).verdict, Verdict::accepted);
  EXPECT_EQ(decide(blob, false).permissions, auth::Permissions{});
  blob[60] ^= std::byte{1};
  EXPECT_EQ(decide(blob, true).reason, "malformed key");
  EXPECT_EQ(decide({}, true).verdict, Verdict::refused);
  const ssh::test::SoftwareToken token;
  CertificateRecipe recipe;
  recipe.type = "sk-ssh-ed25519-cert-v01@openssh.com";
  const auto of_token = ssh::test::make_certificate(recipe, token.public_key(), ca_);
  EXPECT_EQ(decide({of_token.blob().begin(), of_token.blob().end()}, true).reason, "nothing was signed");
  auth_.public_key_method.clear();
  keeper_->reload(auth_, users_);
  EXPECT_EQ(decide({good.blob().begin(), good.blob().end()}, true).verdict, Verdict::refused);
}

TEST_F(KeeperCertificates, HostCertificatesAreLoadedAndReplaced) {
  const CertificateRecipe recipe{.role = 2, .principals = {"box"}};
  const auto certificate = ssh::test::make_certificate(recipe, host_.public_key(), ca_);
  const test::ScratchDirectory directory;
  const std::string line = "ssh-ed25519-cert-v01@openssh.com " + ssh::base64(certificate.blob());
  config::Ssh ssh;
  const auto load = [&](const std::string& item) {
    ssh.host_certificates = {item};
    return load_host_certificates(ssh, keeper_->host_keys(), log_);
  };
  EXPECT_THAT(load(line).value(), ElementsAre(certificate));
  EXPECT_THAT(load(directory.write("cert.pub", line + " comment\n")).value(), ElementsAre(certificate));
  const auto signer = host_key_signer(keeper_);
  EXPECT_THAT(signer->certificates(), SizeIs(0));
  keeper_->replace_host_certificates({certificate});
  EXPECT_THAT(signer->certificates(), ElementsAre(certificate));

  const auto refusal = [&](const CertificateRecipe& wrong, const ssh::PrivateKey& key) {
    const auto made = ssh::test::make_certificate(wrong, key.public_key(), ca_);
    return load("ssh-ed25519-cert-v01@openssh.com " + ssh::base64(made.blob())).error().front();
  };
  EXPECT_THAT(refusal({}, host_), HasSubstr("ssh.hostCertificates[0] (not a host certificate)"));
  EXPECT_THAT(refusal(recipe, key_), HasSubstr("none of the host keys"));
  EXPECT_THAT(refusal({.role = 2, .principals = {}}, host_), HasSubstr("names no host"));
  EXPECT_THAT(load("/nonexistent").error().front(), HasSubstr("/nonexistent: input or output failed"));
}

TEST_F(KeeperCertificates, AnExpiredHostCertificateIsToldAndKept) {
  const auto old =
      ssh::test::make_certificate({.role = 2, .principals = {"box"}, .before = 1}, host_.public_key(), ca_);
  config::Ssh ssh;
  ssh.host_certificates = {"ssh-ed25519-cert-v01@openssh.com " + ssh::base64(old.blob())};
  EXPECT_TRUE(load_host_certificates(ssh, keeper_->host_keys(), log_));
  EXPECT_THAT(sink_->lines, ElementsAre(HasSubstr("SSH_HOST_CERTIFICATE_EXPIRED")));
}

}  // namespace
}  // namespace fairlead::keeper
