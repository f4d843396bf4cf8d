// SPDX-License-Identifier: Apache-2.0
// The users file: what it gives, and that a wrong one is refused as a whole with every reason.
#include "auth/users_file.hpp"

#include "sample_hashes.hpp"
#include "support/scratch.hpp"
#include "support/software_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fairlead::auth {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::string new_key() {
  return ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519).value().public_key().text();
}

std::shared_ptr<const config::Config> base_config() {
  auto config = std::make_shared<config::Config>();
  config->oci.image = "/base";
  config->oci.programs.environment["A"] = "base";
  return config;
}

std::expected<std::shared_ptr<const Users>, config::Errors> parse(const std::string& text) {
  return Users::parse(text, "u.yaml", base_config());
}

void expect_error(const std::string& text, const std::string& part) {
  const auto users = parse(text);
  ASSERT_FALSE(users) << text;
  EXPECT_THAT(users.error(), ElementsAre(HasSubstr(part))) << text;
}

class UsersOnDisk : public testing::Test {
 protected:
  static auto load(const std::string& file) {
    auto config = std::make_shared<config::Config>(*base_config());
    config->auth.local_users_file = file;
    return Users::load(std::move(config));
  }

  test::ScratchDirectory directory_;
};

TEST(Users, PasswordsKeysAndSettingsAreRead) {
  const std::string first = new_key(), second = new_key();
  const auto users =
      parse("users:\n  alice:\n    password: \"" + std::string(test::yescrypt) +
            "\"\n    authorizedKeys:\n      - " + first + " alice@laptop\n      - 'no-pty,command=\"ls\" " +
            second + "'\n    config: {oci: {image: /alice}}\n  bob:\n    authorizedKeys: [" + first + "]\n");
  ASSERT_TRUE(users) << users.error().front();
  EXPECT_EQ((*users)->size(), 2U);
  const User* alice = (*users)->find("alice");
  ASSERT_NE(alice, nullptr);
  EXPECT_EQ(alice->password_hash, test::yescrypt);
  ASSERT_THAT(alice->keys, SizeIs(2));
  EXPECT_EQ(alice->keys[0].key.text(), first);
  EXPECT_EQ(alice->keys[1].restrictions.permissions.forced_command, "ls");
  EXPECT_FALSE(alice->keys[1].restrictions.permissions.pty);
  EXPECT_EQ((*users)->config_for("alice")->oci.image, "/alice");
  EXPECT_EQ((*users)->config_for("alice")->oci.programs.environment.at("A"), "base")
      << "the rest is inherited";
  EXPECT_EQ((*users)->config_for("bob")->oci.image, "/base");
  EXPECT_EQ((*users)->config_for("nobody")->oci.image, "/base");
  EXPECT_EQ((*users)->find("Alice"), nullptr) << "names are exact";
  EXPECT_EQ((*users)->find("bob")->password_hash, "");
  EXPECT_THAT((*users)->warnings(), SizeIs(0));
}

TEST(Users, RulesOfTheirOwnReplaceTheFilesFieldByField) {
  auto base = std::make_shared<config::Config>(*base_config());
  base->security = {.default_mode = config::Mode::disable,
                    .env = {config::Mode::filter, {"A", "B"}, {}},
                    .max_sessions = 3};
  const auto users = Users::parse(
      "users:\n  alice: {config: {security: {env: {allow: [C]}, maxSessions: 0, forceCommand: guard}}}\n"
      "  bob: {config: {security: {env: {mode: deny}}}}\n",
      "u.yaml", base);
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error(), ElementsAre(HasSubstr("invalid mode: deny")));
  const auto good = Users::parse(
      "users:\n  alice: {config: {security: {env: {allow: [C]}, maxSessions: 0, forceCommand: guard}}}\n",
      "u.yaml", base);
  ASSERT_TRUE(good) << good.error().front();
  const config::Security& alices = (*good)->config_for("alice")->security;
  EXPECT_EQ(alices.default_mode, config::Mode::disable);
  EXPECT_EQ(alices.env.mode, config::Mode::filter);
  EXPECT_THAT(alices.env.allow, ElementsAre("C"));
  EXPECT_EQ(alices.max_sessions, 0U);
  EXPECT_EQ(alices.force_command, "guard");
  EXPECT_EQ((*good)->config_for("carol")->security.max_sessions, 3U);
}

TEST(Users, OfTheLogTheLevelAlone) {
  const std::string start = "users:\n  alice: {authorizedKeys: ['" + new_key() + "'], config: {log: {";
  const auto users = parse(start + "level: debug}}}\n");
  ASSERT_TRUE(users);
  EXPECT_EQ((*users)->config_for("alice")->log.level, "debug");
  EXPECT_EQ((*users)->config_for("bob")->log.level, "notice");
  EXPECT_FALSE(parse(start + "level: loud}}}\n"));
  EXPECT_FALSE(parse(start + "file: /elsewhere}}}\n"));
}

TEST(Users, SettingsMayChooseAnotherBackend) {
  const auto users = parse("users:\n  a: {authorizedKeys: ['" + new_key() +
                           "'], config: {backend: docker}}\n  b: {authorizedKeys: ['" + new_key() + "']}\n");
  ASSERT_TRUE(users) << users.error().front();
  EXPECT_THAT((*users)->backends(), ElementsAre("docker", "oci"));
  EXPECT_EQ((*users)->config_for("a")->backend, "docker");
}

TEST(Users, MistakesAreToldWithLineAndReasonAllAtOnce) {
  const auto users = parse(
      "users:\n  a:\n    password: plain\n  b:\n    authorizedKeys:\n      - ssh-ed25519 AAAA\n    passwrd: "
      "x\n"
      "  c:\n    config: {ssh: {listen: ':1'}, oci: {network: moon}}\nextra: 1\n");
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error(), SizeIs(6));
  EXPECT_THAT(users.error(),
              Contains(HasSubstr("u.yaml:3: invalid configuration option: users.a.password (is not a")));
  EXPECT_THAT(users.error(),
              Contains(HasSubstr("u.yaml:6: invalid configuration option: users.b.authorizedKeys[0] (")));
  EXPECT_THAT(users.error(),
              Contains(HasSubstr("u.yaml:7: invalid configuration option: users.b.passwrd (unknown key; "
                                 "did you mean \"password\"?)")));
  EXPECT_THAT(users.error(),
              Contains(HasSubstr("u.yaml:9: invalid configuration option: users.c.config.ssh (unknown")));
  EXPECT_THAT(users.error(), Contains(HasSubstr("users.c.config.oci.network (expected one of")));
  EXPECT_THAT(users.error(),
              Contains(HasSubstr("u.yaml:10: invalid configuration option: extra (unknown key)")));
}

TEST(Users, ErrorsNeverShowTheHash) {
  const auto users = parse("users: {a: {password: '$1$CANARY$qJH7.N4xYta3aEG/dfqo/0'}}");
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error().front(), testing::Not(HasSubstr("CANARY")));
}

TEST(Users, TheFileMustHaveUsers) {
  expect_error("{}", "there must be a mapping of users");
  expect_error("users: [a]", "expected a mapping");
  EXPECT_TRUE(parse("users: {}"));
  EXPECT_FALSE(parse(""));
  EXPECT_FALSE(parse("users: {a: {}, a: {}}"));
}

TEST(Users, NamesAreThoseTheEngineLetsThrough) {
  expect_error("users: {'': {}}", "needs a name");
  expect_error("users: {\"a\\nb\": {}}", "control characters");
  expect_error("users: {" + std::string(256, 'x') + ": {}}", "longer than 255");
  EXPECT_TRUE(parse("users: {älice: {}, \"a b\": {}}"));
}

TEST(Users, InlineKeysMustAllBeGood) {
  expect_error("users: {a: {authorizedKeys: ['']}}", "holds no key");
  expect_error("users: {a: {authorizedKeys: ['permitopen=\"x:1\" " + new_key() + "']}}", "permitopen");
  expect_error("users: {a: {authorizedKeys: ['made-up " + new_key() + "']}}", "unknown option");
  expect_error("users: {a: {authorizedKeys: ['from=\"*.example.com\" " + new_key() + "']}}", "host names");
}

TEST(Users, SecurityKeysAreReadAndOnlyTheyCanBeVerified) {
  const std::string key = ssh::test::SoftwareToken().public_key().text();
  const auto users = parse("users: {a: {authorizedKeys: ['verify-required " + key + "', '" + key + "']}}");
  ASSERT_TRUE(users);
  const User* a = (*users)->find("a");
  ASSERT_THAT(a->keys, SizeIs(2));
  EXPECT_TRUE(a->keys[0].restrictions.verification_required);
  EXPECT_TRUE(a->keys[1].restrictions.touch_required);
  expect_error("users: {a: {authorizedKeys: ['verify-required " + new_key() + "']}}", "security keys");
}

TEST(Users, AUserWithoutAnyMeansIsWarnedAbout) {
  const auto users = parse("users:\n  a: {}\n  b:\n");
  ASSERT_TRUE(users);
  EXPECT_THAT((*users)->warnings(), ElementsAre(HasSubstr("u.yaml:2: users.a"), HasSubstr("users.b")));
}

TEST(Users, DecoysAreHashesOfRealUsers) {
  const auto users = parse("users:\n  a: {password: '" + std::string(test::bcrypt) + "'}\n  b: {password: '" +
                           std::string(test::yescrypt) + "'}\n");
  ASSERT_TRUE(users);
  for (const char* name : {"x", "y", "z"}) {
    EXPECT_THAT((*users)->decoy_hash(name), testing::AnyOf(test::bcrypt, test::yescrypt));
    EXPECT_EQ((*users)->decoy_hash(name), (*users)->decoy_hash(name))
        << "always the same, as with a real user";
  }
  EXPECT_THAT(parse("users: {}").value()->decoy_hash("x"), testing::StartsWith("$y$j9T$"));
}

TEST_F(UsersOnDisk, KeyFilesAreReadAndBadLinesOnlyCostThemselves) {
  const std::string key = new_key();
  const std::string keys =
      directory_.write("keys", "# comment\n" + key + " good\nssh-dss AAAA old\npermitopen=\"a:1\" " +
                                   new_key() + "\nfrom=\"10.0.0.1\" " + new_key() + "\n");
  const auto users = load(directory_.write("users.yaml", "users: {a: {authorizedKeysFile: " + keys + "}}"));
  ASSERT_TRUE(users) << users.error().front();
  EXPECT_THAT((*users)->find("a")->keys, SizeIs(2));
  EXPECT_THAT((*users)->warnings(),
              ElementsAre(HasSubstr(keys + ":3: this key admits nobody"),
                          HasSubstr(keys + ":4: this key admits nobody: option permitopen")));
}

TEST_F(UsersOnDisk, MissingFilesAreErrors) {
  EXPECT_THAT(load(directory_.file("none")).error(), ElementsAre(HasSubstr("No such file")));
  const auto users = load(directory_.write("users.yaml", "users: {a: {authorizedKeysFile: /no/keys}}"));
  ASSERT_FALSE(users);
  EXPECT_THAT(users.error(), ElementsAre(HasSubstr("users.a.authorizedKeysFile (/no/keys: cannot be read")));
}

TEST_F(UsersOnDisk, AFileThatEverybodyCanWriteIsRefused) {
  EXPECT_THAT(load(directory_.write("users.yaml", "users: {}", 0666)).error(),
              ElementsAre(HasSubstr("writable by everybody")));
  EXPECT_THAT(load(directory_.write("users.yaml", "users: {}", 0644)).value()->warnings(),
              ElementsAre(HasSubstr("readable by everybody")));
  EXPECT_THAT(load(directory_.write("users.yaml", "users: {}", 0640)).value()->warnings(), SizeIs(0));
}

TEST_F(UsersOnDisk, JsonIsReadByItsName) {
  const auto users = load(directory_.write(
      "users.json", "{\"users\":\n {\"a\": {\"authorizedKeys\": [\"" + new_key() + "\"]}}}"));
  ASSERT_TRUE(users) << users.error().front();
  EXPECT_THAT((*users)->find("a")->keys, SizeIs(1));
}

}  // namespace
}  // namespace fairlead::auth
