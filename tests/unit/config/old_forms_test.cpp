// SPDX-License-Identifier: Apache-2.0
// ContainerSSH 0.4's authentication (services.md section 1.1), and values that ContainerSSH took for absent.
#include "unit/config/config_fixture.hpp"

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Config auth(const std::string& text) {
  return loaded("oci: {image: /i}\nauth: " + text);
}

std::string mistake(const std::string& text) {
  const auto config = parse("oci: {image: /i}\nauth: " + text, "f.yaml");
  return config ? "loaded" : config.error().front();
}

TEST(OldForms, OneUrlIsBothWebhooks) {
  const Config config = auth("{url: 'http://h:8080', timeout: 5s, authTimeout: 1h, curves: secp521r1}");
  EXPECT_EQ(config.auth.password_method, "webhook");
  EXPECT_EQ(config.auth.public_key_method, "webhook");
  for (const Webhook& webhook : {config.auth.password_webhook, config.auth.public_key_webhook}) {
    EXPECT_EQ(webhook.url, "http://h:8080");
    EXPECT_EQ(webhook.timeout, 5s);
    EXPECT_EQ(webhook.auth_timeout, 60s) << "is not carried over";
    EXPECT_THAT(webhook.tls.curves, ElementsAre("secp521r1"));
  }
  EXPECT_THAT(config.warnings, IsEmpty());
  EXPECT_THAT(
      config.deprecated,
      ElementsAre(AllOf(HasSubstr("f.yaml:2: auth.url: is the form of ContainerSSH 0.4; write auth: {"),
                        HasSubstr("password: {method: webhook, webhook: {url: \"http://h:8080\"}}"),
                        HasSubstr("publicKey: {method: webhook"))));
}

TEST(OldForms, ASwitchThatIsOffLeavesItsMethodDisabled) {
  const Config keys = auth("{url: 'http://h', password: false}");
  EXPECT_EQ(keys.auth.password_method, "");
  EXPECT_EQ(keys.auth.public_key_method, "webhook");
  EXPECT_THAT(keys.deprecated, ElementsAre(Not(HasSubstr("password: {"))));
  const Config passwords = auth("{url: 'http://h', password: true, pubkey: false}");
  EXPECT_EQ(passwords.auth.password_method, "webhook");
  EXPECT_EQ(passwords.auth.public_key_method, "");
  EXPECT_THAT(mistake("{url: 'http://h', password: false, pubkey: false}"),
              HasSubstr("no authentication method"));
}

TEST(OldForms, TheNewFormWinsPerMethod) {
  const Config config =
      auth("{url: 'http://old', publicKey: {method: webhook, webhook: {url: 'http://new'}}}");
  EXPECT_EQ(config.auth.password_webhook.url, "http://old");
  EXPECT_EQ(config.auth.public_key_webhook.url, "http://new");
  const Config both = auth(
      "{url: 'http://old', password: {method: local}, publicKey: {method: webhook, webhook: {url: "
      "'http://new'}}, "
      "local: {usersFile: /u}}");
  EXPECT_EQ(both.auth.password_method, "local");
  EXPECT_THAT(both.deprecated, ElementsAre(HasSubstr("has no effect")));
}

TEST(OldForms, SwitchesAloneEnableNothing) {
  EXPECT_THAT(mistake("{password: true, pubkey: true}"), HasSubstr("no authentication method configured"));
  const Config config = auth("{password: true, publicKey: {method: local}, local: {usersFile: /u}}");
  EXPECT_EQ(config.auth.password_method, "");
  EXPECT_THAT(config.deprecated, ElementsAre(HasSubstr("auth.password: has no effect without auth.url")));
}

TEST(OldForms, TheOldBlockIsCheckedWhenItIsUsed) {
  EXPECT_THAT(mistake("{url: 'ftp://h'}"), HasSubstr("auth.url (must be http://HOST"));
  EXPECT_THAT(mistake("{url: 'http://h', cert: /x}"), HasSubstr("auth.key (cert and key"));
  EXPECT_THAT(mistake("{password: maybe}"), HasSubstr("auth.password (expected a mapping"));
  for (const char* gone : {"listen: ':1'", "dockerrun: {}", "kuberun: {}"}) expect_error(gone, "unknown key");
}

TEST(Presence, WhatContainerSshTookForAbsentCounts) {
  const Config config = loaded_with("log: {level: 0}\nsecurity: {maxSessions: 0}\n");
  EXPECT_EQ(config.log.level, "emerg");
  EXPECT_EQ(config.security.max_sessions, 0U);
  EXPECT_THAT(config.warnings, ElementsAre(HasSubstr("log.level: is emerg, as written"),
                                           HasSubstr("security.maxSessions: is 0, as written")));
}

TEST(Presence, EnforcementThatIsSwitchedOffIsToldLoudly) {
  const Config config = auth(
      "{publicKey: {method: local}, local: {usersFile: /u}, password: {kerberos: {enforceUsername: false}},\n"
      "  gssapi: {kerberos: {enforceUsername: false, clockSkew: 0s}},\n"
      "  keyboardInteractive: {oauth2: {github: {enforceUsername: false}}}}");
  EXPECT_FALSE(config.auth.password_kerberos.enforce_username);
  EXPECT_FALSE(config.auth.gssapi_kerberos.enforce_username);
  EXPECT_FALSE(config.auth.oauth2.github.enforce_username);
  EXPECT_EQ(config.auth.gssapi_kerberos.clock_skew, 0s);
  EXPECT_THAT(config.warnings, testing::SizeIs(3));
  EXPECT_THAT(config.warnings, testing::Each(HasSubstr("enforceUsername: is false, as written")));
}

}  // namespace
}  // namespace fairlead::config
