// SPDX-License-Identifier: Apache-2.0
// Key exchanges with host certificates: who offers them, what is signed, and what a client is told.
#include "protocol/message_numbers.hpp"
#include "support/certificate_maker.hpp"
#include "unit/protocol/transport_pair.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Certificate certify_host(KeyType type) {
  CertificateRecipe recipe{.role = 2, .principals = {"host"}};
  recipe.type = std::string(test_key(type).public_key().type()) + "-cert-v01@openssh.com";
  return make_certificate(recipe, test_key(type).public_key(), test_key(KeyType::ed25519));
}

// A server with keys of these types and a certificate for each, and a client that wants these algorithms.
struct HostPair : Pair {
  HostPair(const std::vector<KeyType>& types, std::vector<std::string> wanted)
      : Pair(with_certificates(types), wanting(std::move(wanted)), types) {}

  static EngineConfig with_certificates(const std::vector<KeyType>& types) {
    EngineConfig config = server_config(types);
    for (const auto type : types) config.host_certificates.push_back(certify_host(type));
    return config;
  }
  static EngineConfig wanting(std::vector<std::string> names) {
    EngineConfig config = client_config();
    config.algorithms.host_key_algorithms = std::move(names);
    return config;
  }
};

TEST(HostCertificate, IsShownAndItsKeySigns) {
  const std::vector<std::pair<KeyType, std::vector<std::string>>> types{
      {KeyType::ed25519, {"ssh-ed25519"}},
      {KeyType::ecdsa_p384, {"ecdsa-sha2-nistp384"}},
      {KeyType::rsa_3072, {"rsa-sha2-512", "rsa-sha2-256"}}};
  for (const auto& [type, algorithms] : types) {
    for (const auto& algorithm : algorithms) {
      HostPair pair({KeyType::ecdsa_p521, type}, {algorithm + "-cert-v01@openssh.com"});
      pair.connect();
      EXPECT_FALSE(pair.client.error()) << to_string(*pair.client.error());
      EXPECT_THAT(pair.server.log(), ElementsAre("SignatureWanted " + algorithm, "KeysReady first"));
      const std::string told(test_key(type).public_key().type());
      EXPECT_THAT(pair.client.log(),
                  ElementsAre("HostKeyOffered " + told + " certificate", "KeysReady first"));
      EXPECT_TRUE(equal(pair.client.transport().host_key_blob(), certify_host(type).blob()));
      EXPECT_TRUE(equal(pair.server.transport().host_key_blob(), pair.client.transport().host_key_blob()));
    }
  }
}

TEST(HostCertificate, AClientThatKnowsNoneGetsTheKey) {
  HostPair pair({KeyType::ed25519}, {});
  pair.connect();
  EXPECT_THAT(pair.client.log(), ElementsAre("HostKeyOffered ssh-ed25519", "KeysReady first"));
  EXPECT_TRUE(equal(pair.client.transport().host_key_blob(), test_key().public_key().blob()));
}

TEST(HostCertificate, NamesComeFirstAndKeysFollow) {
  const EngineConfig config = HostPair::with_certificates({KeyType::ed25519, KeyType::rsa_3072});
  EXPECT_THAT(
      host_key_algorithms(config.host_keys, config.host_certificates),
      ElementsAre("ssh-ed25519-cert-v01@openssh.com", "rsa-sha2-512-cert-v01@openssh.com",
                  "rsa-sha2-256-cert-v01@openssh.com", "ssh-ed25519", "rsa-sha2-512", "rsa-sha2-256"));
  const auto wanted = host_certificate_algorithms();
  EXPECT_EQ(wanted.front(), "ssh-ed25519-cert-v01@openssh.com");
  for (const auto& name : wanted) EXPECT_THAT(name, testing::Not(HasSubstr("sk-"))) << "hosts have no tokens";
}

TEST(HostCertificate, StaysTheSameOverARekey) {
  HostPair pair({KeyType::ed25519}, {"ssh-ed25519-cert-v01@openssh.com"});
  pair.authenticate();
  pair.client.transport().start_rekey();
  pair.connect();
  EXPECT_TRUE(pair.client.told("KeysReady again"));
  EXPECT_FALSE(pair.client.error());
}

TEST(HostCertificate, ForAKeyThatIsNotOursIsNeverShown) {
  EngineConfig config = server_config();
  config.host_certificates = {certify_host(KeyType::ecdsa_p384)};
  Pair pair(config, HostPair::wanting({"ecdsa-sha2-nistp384-cert-v01@openssh.com"}));
  pair.connect();
  EXPECT_TRUE(pair.server.error());
  EXPECT_TRUE(pair.client.error());
}

}  // namespace
}  // namespace fairlead::ssh::test
