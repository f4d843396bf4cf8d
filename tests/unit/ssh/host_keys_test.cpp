// SPDX-License-Identifier: Apache-2.0
// CN-18, both sides of OpenSSH's UpdateHostKeys: what a server proves and what a client believes.
#include "support/ssh_peers.hpp"
#include "unit/ssh/login_pair.hpp"

#include <fairlead/ssh/global_requests.hpp>

namespace fairlead::ssh::test {
namespace {

using Keys = std::vector<PublicKey>;

struct LearningPair : LoginPair {
  explicit LearningPair(const std::vector<PrivateKey>& keys) {
    server->host_keys = local_host_keys(keys);
    client->accept_host_key = [first = keys.front().public_key()](const PublicKey& key) {
      return key == first;
    };
    client->on_host_keys = [this](const Keys& proved) { learned.push_back(proved); };
  }
  std::vector<Keys> learned;
};

// Names `keys` its own, and signs with the first of them whatever it is asked about.
class LyingSigner final : public HostKeySigner {
 public:
  LyingSigner(PrivateKey own, Keys keys) : own_(std::move(own)), keys_(std::move(keys)) {}
  [[nodiscard]] Keys public_keys() const override { return keys_; }
  [[nodiscard]] Task<Result<std::vector<std::byte>>> sign(std::size_t index, std::string algorithm,
                                                          std::vector<std::byte> data) override {
    ++asked;
    if (index > 0 && refuses) co_return failure(Errc::crypto_failed);
    co_return own_.sign(algorithm, data);
  }
  int asked = 0;
  bool refuses = false;

 private:
  PrivateKey own_;
  Keys keys_;
};

// What a client learns from such a server; a round trip later, when it has had its chance.
std::vector<Keys> learned_from(const PrivateKey& own, const std::shared_ptr<LyingSigner>& signer) {
  Loop loop;
  LearningPair pair({own});
  pair.server->host_keys = signer;
  LoginOutcome outcome;
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    co_await settle();
    (void)co_await open_pair(*outcome.client, *outcome.server);
    co_await settle();
    EXPECT_TRUE(outcome.client->connection.is_open());
  });
  return pair.learned;
}

TEST(HostKeyUpdate, AClientLearnsAllKeysThatAreProved) {
  Loop loop;
  const auto first = make_key(), second = make_key(PrivateKey::Type::rsa_3072),
             third = make_key(PrivateKey::Type::ecdsa_p256);
  LearningPair pair({first, second, third});
  LoginOutcome outcome;
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    for (int i = 0; i < 100 && pair.learned.empty(); ++i) co_await settle();
  });
  ASSERT_EQ(pair.learned.size(), 1U);
  EXPECT_EQ(pair.learned[0], (Keys{first.public_key(), second.public_key(), third.public_key()}));
}

TEST(HostKeyUpdate, AClientThatDoesNotWantToKnowAsksNothing) {
  Loop loop;
  const auto key = make_key();
  LearningPair pair({key});
  pair.client->on_host_keys = nullptr;
  LoginOutcome outcome;
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    auto announced = co_await outcome.client->requests.next();  // the application's own then
    EXPECT_EQ(announced->type(), RequestType::host_keys);
  });
}

TEST(HostKeyUpdate, ARevokedHostKeyIsRefusedAndNotLearned) {
  Loop loop;
  const auto first = make_key(), second = make_key();
  LearningPair pair({first, second});
  const auto revoke = [&](const PrivateKey& key) {
    pair.client->revoked_host_keys =
        RevocationList::from_bytes(as_bytes(key.public_key().text() + "\n")).value();
  };
  LoginOutcome outcome;
  loop.run([&]() -> Task<> {
    revoke(first);
    co_await pair.run(outcome);
    EXPECT_EQ(outcome.client_error->code, Errc::host_key_rejected);
    outcome = {};
    revoke(second);
    co_await pair.run(outcome);
    for (int i = 0; i < 100 && pair.learned.empty(); ++i) co_await settle();
  });
  ASSERT_EQ(pair.learned.size(), 1U);
  EXPECT_EQ(pair.learned[0], Keys{first.public_key()});
}

// Somebody who runs one server must not become the trusted owner of another one's key.
TEST(HostKeyUpdate, AKeyThatTheServerDoesNotOwnIsNotLearned) {
  const auto own = make_key(), foreign = make_key();
  auto signer = std::make_shared<LyingSigner>(own, Keys{own.public_key(), foreign.public_key()});
  EXPECT_TRUE(learned_from(own, signer).empty());
  EXPECT_EQ(signer->asked, 3);  // the key exchange's, and both proofs
}

TEST(HostKeyUpdate, AServerThatProvesNothingTeachesNothing) {
  const auto own = make_key(), other = make_key();
  auto signer = std::make_shared<LyingSigner>(own, Keys{own.public_key(), other.public_key()});
  signer->refuses = true;
  EXPECT_TRUE(learned_from(own, signer).empty());
}

TEST(HostKeyUpdate, AKeyNamedTwiceIsNotEvenAskedAbout) {
  const auto own = make_key();
  auto signer = std::make_shared<LyingSigner>(own, Keys{own.public_key(), own.public_key()});
  EXPECT_TRUE(learned_from(own, signer).empty());
  EXPECT_EQ(signer->asked, 1);
}

TEST(HostKeyUpdate, AnnouncementsBeyondTheLimitAreNotLookedInto) {
  Loop loop;
  const auto own = make_key();
  LearningPair pair({own});
  LoginOutcome outcome;
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    const HostKeys again{{{own.public_key().blob().begin(), own.public_key().blob().end()}}};
    for (unsigned i = 0; i < 3 * limits::host_key_updates; ++i) outcome.server->connection.notify(again);
    for (int i = 0; i < 100 && pair.learned.size() < limits::host_key_updates; ++i) co_await settle();
    co_await settle();
    EXPECT_TRUE(outcome.client->connection.is_open());
  });
  EXPECT_EQ(pair.learned.size(), limits::host_key_updates);
}

// A client that asks the server to prove its one key.
class HostKeyProof : public LoginTest {
 protected:
  HostKeyProof() {
    pair.server->host_keys = local_host_keys({key_});
    pair.client->accept_host_key = [](const PublicKey&) { return true; };
  }
  [[nodiscard]] Task<std::optional<HostKeysProof>> ask() {
    HostKeysProve wanted;
    wanted.keys.push_back(blob());
    auto answer =
        co_await outcome.client->connection.request(std::string(HostKeysProve::wire_name), wanted.encode());
    if (!answer.success) co_return std::nullopt;
    auto proof = HostKeysProof::decode(answer.payload);
    EXPECT_TRUE(proof);
    co_return std::move(*proof);
  }
  [[nodiscard]] std::vector<std::byte> blob() const {
    const Bytes bytes = key_.public_key().blob();
    return {bytes.begin(), bytes.end()};
  }
  const PrivateKey& key_ = test_key(PrivateKey::Type::rsa_3072);
};

TEST_F(HostKeyProof, OfAnRsaKeyIsSignedWithTheNegotiatedHash) {
  for (const std::string algorithm : {"rsa-sha2-256", "rsa-sha2-512"}) {
    outcome = {};
    pair.client->host_key_algorithms = {algorithm};
    loop.run([&]() -> Task<> {
      co_await pair.run(outcome);
      const auto proof = co_await ask();
      EXPECT_TRUE(proof && proof->signatures.size() == 1);
      const auto statement = HostKeysProve::statement(outcome.client->connection.session_id(), blob());
      const Bytes signature = proof->signatures.at(0);
      EXPECT_TRUE(key_.public_key().verify(algorithm, statement, signature));
      const std::string_view other = algorithm == "rsa-sha2-256" ? "rsa-sha2-512" : "rsa-sha2-256";
      EXPECT_FALSE(key_.public_key().verify(other, statement, signature));
    });
  }
}

// Each costs the server a signature.
TEST_F(HostKeyProof, IsGivenSoOftenAndThenRefused) {
  loop.run([&]() -> Task<> {
    co_await pair.run(outcome);
    for (unsigned i = 0; i < limits::host_key_updates; ++i) {
      const auto proof = co_await ask();
      EXPECT_TRUE(proof.has_value()) << i;
    }
    const auto refused = co_await ask();
    EXPECT_FALSE(refused.has_value());
    EXPECT_TRUE(outcome.client->connection.is_open());
  });
}

}  // namespace
}  // namespace fairlead::ssh::test
