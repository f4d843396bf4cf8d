// SPDX-License-Identifier: Apache-2.0
// Verdicts by the users file.
#include "auth/local_authenticator.hpp"

#include "auth/password_hash.hpp"
#include "run_task.hpp"
#include "sample_hashes.hpp"
#include "support/software_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

namespace fairlead::auth {
namespace {

using ssh::Verdict;

class Local : public testing::Test {
 protected:
  static std::shared_ptr<const Users> users(const std::string& text) {
    return Users::parse(text, "u", std::make_shared<config::Config>()).value();
  }
  static ssh::AuthContext context(const std::string& user) {
    ssh::AuthContext context;
    context.user = user;
    context.remote_address = "192.0.2.7";
    return context;
  }
  Decision password(const std::string& user, std::string_view word) {
    return test::run(local_.password(context(user), ssh::to_secret(word)));
  }

  ssh::PrivateKey key_ = ssh::PrivateKey::generate(ssh::PrivateKey::Type::ed25519).value();
  ssh::PrivateKey other_ = ssh::PrivateKey::generate(ssh::PrivateKey::Type::ecdsa_p256).value();
  std::string text_ = "users:\n  alice:\n    password: '" + std::string(test::yescrypt) +
                      "'\n    authorizedKeys:\n      - 'from=\"10.0.0.0/8\" " + key_.public_key().text() +
                      "'\n      - 'restrict,command=\"date\" " + key_.public_key().text() +
                      "'\n  keys: {authorizedKeys: ['expiry-time=\"20200101\" " + key_.public_key().text() +
                      "']}\n";
  PasswordChecker checker_{2};
  LocalAuthenticator local_{users(text_), checker_};
};

// UA-19: what was not looked at was not wrong, whoever it was of.
TEST_F(Local, TooManyChecksAtOnceAreAnOutage) {
  PasswordChecker full(1, 0);
  LocalAuthenticator busy(users(text_), full);
  for (const char* user : {"alice", "nobody"})
    EXPECT_EQ(test::run(busy.password(context(user), ssh::to_secret("correct horse"))).verdict,
              Verdict::unavailable);
}

TEST_F(Local, TheRightPasswordIsAccepted) {
  EXPECT_EQ(password("alice", "correct horse").verdict, Verdict::accepted);
  EXPECT_EQ(password("alice", "correct horse").permissions, Permissions{});
}

TEST_F(Local, EverythingElseIsRefused) {
  for (const char* word : {"", "wrong", "correct horse ", test::yescrypt})
    EXPECT_EQ(password("alice", word).verdict, Verdict::refused) << word;
  EXPECT_EQ(password("mallory", "correct horse").verdict, Verdict::refused)
      << "a decoy's password admits nobody";
  EXPECT_EQ(password("keys", "correct horse").verdict, Verdict::refused) << "no password set";
  EXPECT_EQ(password("", "correct horse").verdict, Verdict::refused);
}

TEST_F(Local, AnUnknownUserCostsAsMuchAsAKnownOne) {
  // Processor time, because the machine may be busy with other things.
  const auto processor_time = [] {
    timespec now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
  };
  const auto cost = [&](const std::string& user) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
      const double begin = processor_time();
      (void)password(user, "wrong");
      best = std::min(best, processor_time() - begin);
    }
    return best;
  };
  const std::string text =
      "users: {alice: {password: '" + hash_password(ssh::as_bytes("x")).value() + "'}, bob: {}}";
  local_.replace_users(users(text));
  const double known = cost("alice");
  EXPECT_GT(known, 0.005) << "else this test shows nothing";
  for (const char* user : {"mallory", "bob"}) {
    const double unknown = cost(user);
    EXPECT_GT(unknown, known * 0.4) << user;
    EXPECT_LT(unknown, known * 2.5) << user;
  }
}

TEST_F(Local, AKeyBringsThePermissionsOfTheEntryThatApplies) {
  ssh::AuthContext inside = context("alice");
  inside.remote_address = "10.1.1.1";
  const Decision from_inside = local_.public_key(inside, key_.public_key());
  EXPECT_EQ(from_inside.verdict, Verdict::accepted);
  EXPECT_EQ(from_inside.permissions.forced_command, std::nullopt);
  const Decision from_outside = local_.public_key(context("alice"), key_.public_key());
  EXPECT_EQ(from_outside.verdict, Verdict::accepted);
  EXPECT_EQ(from_outside.permissions.forced_command, "date");
  EXPECT_FALSE(from_outside.permissions.pty);
}

TEST_F(Local, OtherKeysUsersAndTimesAreRefused) {
  EXPECT_EQ(local_.public_key(context("alice"), other_.public_key()).verdict, Verdict::refused);
  EXPECT_EQ(local_.public_key(context("mallory"), key_.public_key()).verdict, Verdict::refused);
  const Decision expired = local_.public_key(context("keys"), key_.public_key());
  EXPECT_EQ(expired.verdict, Verdict::refused);
  EXPECT_EQ(expired.reason, "the key has expired");
}

TEST_F(Local, ASecurityKeyIsAcceptedForWhatItsHolderDid) {
  const ssh::test::SoftwareToken token;
  const std::string key = token.public_key().text();
  local_.replace_users(users("users:\n  alice: {authorizedKeys: ['" + key +
                             "']}\n  bob: {authorizedKeys: ['" + "verify-required " + key +
                             "', 'no-touch-required,command=\"date\" " + key + "']}\n"));
  const auto decide = [&](const std::string& user, const ssh::SecurityKeyUse& use) {
    return local_.public_key(context(user), token.public_key(), use);
  };
  EXPECT_EQ(local_.public_key(context("alice"), token.public_key()).verdict, Verdict::accepted) << "a query";
  EXPECT_EQ(decide("alice", {.touched = true}).verdict, Verdict::accepted);
  EXPECT_EQ(decide("alice", {}).verdict, Verdict::refused);
  EXPECT_EQ(decide("alice", {}).reason, "the security key was not touched");
  EXPECT_EQ(decide("mallory", {.touched = true}).verdict, Verdict::refused);
  // The first line that applies, as with addresses.
  EXPECT_EQ(decide("bob", {.touched = true, .user_verified = true}).permissions.forced_command, std::nullopt);
  EXPECT_EQ(decide("bob", {.touched = true}).permissions.forced_command, "date");
  EXPECT_EQ(decide("bob", {}).permissions.forced_command, "date");
}

TEST_F(Local, NewUsersCountFromTheNextAttempt) {
  local_.replace_users(users("users: {}"));
  EXPECT_EQ(password("alice", "correct horse").verdict, Verdict::refused);
  EXPECT_EQ(local_.public_key(context("alice"), key_.public_key()).verdict, Verdict::refused);
  local_.replace_users(users(text_));
  EXPECT_EQ(password("alice", "correct horse").verdict, Verdict::accepted);
  local_.replace_users(nullptr);
  EXPECT_EQ(password("alice", "correct horse").verdict, Verdict::refused) << "no users file admits nobody";
}

}  // namespace
}  // namespace fairlead::auth
