// SPDX-License-Identifier: Apache-2.0
// publickey requests that show a certificate: which algorithms, whose signature, and what the owner is told.
#include "protocol/message_numbers.hpp"
#include "protocol/shown_key.hpp"
#include "support/certificate_maker.hpp"
#include "support/software_token.hpp"
#include "support/ssh_peers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using KeyType = PrivateKey::Type;

constexpr const char* cert_suffix = "-cert-v01@openssh.com";
constexpr int failure_ = msg::userauth_failure, success_ = msg::userauth_success, pk_ok = msg::userauth_pk_ok;

const PrivateKey& authority() {
  static const PrivateKey key = PrivateKey::generate(KeyType::ed25519).value();
  return key;
}

Certificate certify(const PrivateKey& key, CertificateRecipe recipe = {}) {
  recipe.type = std::string(key.public_key().type()) + cert_suffix;
  return make_certificate(recipe, key.public_key(), authority());
}

// A request up to its signature.
struct CertificateRequest {
  std::string algorithm;
  Bytes blob;
  std::optional<Bytes> host_key = {};

  [[nodiscard]] std::vector<std::byte> fields(std::uint8_t is_signed) const {
    ByteBuffer buffer;
    WireWriter writer(buffer);
    writer.byte(msg::userauth_request).string("alice").string("ssh-connection");
    writer.string(host_key ? "publickey-hostbound-v00@openssh.com" : "publickey").byte(is_signed);
    writer.string(algorithm).string(blob);
    if (host_key) writer.string(*host_key);
    return to_vector(buffer);
  }
  [[nodiscard]] std::vector<std::byte> challenge(Bytes session_id) const {
    ByteBuffer buffer;
    WireWriter(buffer).string(session_id).raw(fields(1));
    return to_vector(buffer);
  }
  [[nodiscard]] std::vector<std::byte> with(Bytes signature) const {
    ByteBuffer buffer;
    WireWriter(buffer).raw(fields(1)).string(signature);
    return to_vector(buffer);
  }
};

// A server that trusts authority(), and a client that may send anything.
struct CertificateLogin {
  explicit CertificateLogin(EngineConfig config = server_config(), EngineConfig for_client = client_config())
      : server(std::move(config)), client(std::move(for_client)) {
    server.host_keys.push_back(test_key());
    server.trusted_authority = authority().public_key();
    pump(server, client);
    server.clear_log();
  }
  void send(const auto&... payloads) {
    (client.transport().send(payloads), ...);
    pump(server, client);
  }
  void send_signed(const CertificateRequest& request, const PrivateKey& key, std::string_view algorithm) {
    send(request.with(key.sign(algorithm, request.challenge(session_id())).value()));
  }
  [[nodiscard]] Bytes session_id() { return client.transport().session_id(); }

  EnginePeer server;
  TransportPeer client;
};

TEST(CertificateAuth, EveryTypeIsAskedAboutAndLogsIn) {
  const std::vector<std::pair<KeyType, std::vector<std::string>>> types{
      {KeyType::ed25519, {"ssh-ed25519"}},
      {KeyType::ecdsa_p256, {"ecdsa-sha2-nistp256"}},
      {KeyType::ecdsa_p384, {"ecdsa-sha2-nistp384"}},
      {KeyType::ecdsa_p521, {"ecdsa-sha2-nistp521"}},
      {KeyType::rsa_3072, {"rsa-sha2-512", "rsa-sha2-256"}}};
  for (const auto& [type, algorithms] : types) {
    const PrivateKey& key = test_key(type);
    const Certificate certificate = certify(key);
    for (const std::string& algorithm : algorithms) {
      const CertificateRequest request{.algorithm = algorithm + cert_suffix, .blob = certificate.blob()};
      CertificateLogin login;
      login.send(request.fields(0));
      EXPECT_TRUE(equal(login.client.messages().at(0),
                        Payload(msg::userauth_pk_ok, request.algorithm, request.blob)));
      login.send_signed(request, key, algorithm);
      EXPECT_THAT(login.client.numbers(), ElementsAre(pk_ok, success_)) << algorithm;
      EXPECT_THAT(login.server.log(), ElementsAre("AuthAttempt query alice " + request.algorithm,
                                                  "AuthAttempt publickey alice " + request.algorithm));
    }
  }
}

TEST(CertificateAuth, OfASecurityKeyTellsWhatItsHolderDid) {
  const SoftwareToken token;
  CertificateRecipe recipe;
  recipe.type = "sk-ssh-ed25519-cert-v01@openssh.com";
  const auto certificate = make_certificate(recipe, token.public_key(), authority());
  const CertificateRequest request{.algorithm = recipe.type, .blob = certificate.blob()};
  CertificateLogin login;
  login.send(request.with(token.sign(request.challenge(login.session_id()), {.flags = 4})));
  EXPECT_THAT(login.server.log(),
              ElementsAre("AuthAttempt publickey alice " + recipe.type + " untouched verified"));
}

// UA-10 and RFC 8332 for certificates: the name that is asked for decides, and has to fit.
TEST(CertificateAuth, AlgorithmsThatDoNotFitAreRefusedWithoutAsking) {
  const Certificate ed25519 = certify(test_key()), rsa = certify(test_key(KeyType::rsa_3072));
  const Bytes plain = test_key().public_key().blob();
  const std::vector<CertificateRequest> requests{
      {.algorithm = "ssh-ed25519", .blob = ed25519.blob()},
      {.algorithm = "ssh-ed25519-cert-v01@openssh.com", .blob = plain},
      {.algorithm = "ssh-rsa-cert-v01@openssh.com", .blob = rsa.blob()},
      {.algorithm = "rsa-sha2-512", .blob = rsa.blob()},
      {.algorithm = "rsa-sha2-512-cert-v01@openssh.com", .blob = ed25519.blob()},
  };
  for (const CertificateRequest& request : requests) {
    CertificateLogin login;
    login.send(request.fields(0), request.with(as_bytes("whatever")));
    EXPECT_THAT(login.client.numbers(), ElementsAre(failure_, failure_)) << request.algorithm;
    EXPECT_EQ(login.server.count("AuthRefused alice publickey signature algorithm not allowed"), 2U);
  }
}

TEST(CertificateAuth, MalformedCertificatesAreRefusedWithoutAsking) {
  const Certificate good = certify(test_key());
  std::vector<std::byte> forged(good.blob().begin(), good.blob().end());
  forged.back() ^= std::byte{1};
  const CertificateRequest request{.algorithm = std::string(good.type()), .blob = forged};
  CertificateLogin login;
  login.send(request.fields(0));
  EXPECT_THAT(login.server.log(), ElementsAre("AuthRefused alice publickey key malformed or not supported"));
}

TEST(CertificateAuth, OnlyTheCertifiedKeySigns) {
  const PrivateKey& key = test_key();
  const PrivateKey other = PrivateKey::generate(KeyType::ed25519).value();
  const Certificate certificate = certify(key);
  const CertificateRequest request{.algorithm = std::string(certificate.type()), .blob = certificate.blob()};
  CertificateLogin login, elsewhere;
  login.send_signed(request, other, "ssh-ed25519");
  login.send_signed(request, authority(), "ssh-ed25519");
  login.send(request.with(key.sign("ssh-ed25519", request.challenge(elsewhere.session_id())).value()));
  // The signature names the plain algorithm, never the certificate's.
  ByteBuffer named;
  const auto signature = key.sign("ssh-ed25519", request.challenge(login.session_id())).value();
  WireReader inner(signature);
  inner.string();
  WireWriter(named).string(request.algorithm).raw(inner.rest());
  login.send(request.with(named.readable()));
  EXPECT_THAT(login.client.numbers(), ElementsAre(failure_, failure_, failure_, failure_));
  EXPECT_EQ(login.server.count("AuthRefused alice publickey signature does not verify"), 4U);
}

TEST(CertificateAuth, RsaSignsWithTheHashThatWasNamed) {
  const PrivateKey& rsa = test_key(KeyType::rsa_3072);
  const Certificate certificate = certify(rsa);
  // "ssh-rsa" and the suffix are the type here, and no algorithm.
  const CertificateRequest request{.algorithm = "rsa-sha2-256-cert-v01@openssh.com",
                                   .blob = certificate.blob()};
  CertificateLogin login;
  login.send_signed(request, rsa, "rsa-sha2-512");
  EXPECT_THAT(login.client.numbers(), ElementsAre(failure_));
}

// CVE-2024-45337.
TEST(CertificateAuth, NothingOfAQueryIsRemembered) {
  const PrivateKey& key = test_key();
  const PrivateKey other = PrivateKey::generate(KeyType::ed25519).value();
  const Certificate certificate = certify(key);
  CertificateLogin login;
  login.send(
      CertificateRequest{.algorithm = std::string(certificate.type()), .blob = certificate.blob()}.fields(0));
  EXPECT_THAT(login.client.numbers(), ElementsAre(pk_ok));
  // The certified key alone, then a stranger's: neither is what was asked about.
  login.send_signed({.algorithm = "ssh-ed25519", .blob = key.public_key().blob()}, key, "ssh-ed25519");
  login.send_signed({.algorithm = "ssh-ed25519", .blob = other.public_key().blob()}, other, "ssh-ed25519");
  EXPECT_THAT(login.client.numbers(), ElementsAre(pk_ok, failure_, failure_));
  EXPECT_FALSE(login.server.engine().authenticated());
  login.server.engine().accept_auth();
  pump(login.server, login.client);
  EXPECT_FALSE(login.server.engine().authenticated());
}

TEST(CertificateAuth, AnOwnerThatKnowsOnlyKeysSeesNone) {
  const Certificate certificate = certify(test_key());
  CertificateLogin login;
  login.server.trusted_authority.reset();
  login.server.trusted_key = test_key().public_key();  // the certified one
  login.send_signed({.algorithm = std::string(certificate.type()), .blob = certificate.blob()}, test_key(),
                    "ssh-ed25519");
  EXPECT_THAT(login.client.numbers(), ElementsAre(failure_));
}

// UA-14 with a host certificate: what the client was shown is what it must name.
TEST(CertificateAuth, HostBoundRequestsNameTheHostsCertificate) {
  const Certificate host = certify(test_key(), {.role = 2, .principals = {"host"}});
  EngineConfig for_server = server_config();
  for_server.host_certificates = {host};
  EngineConfig for_client = client_config();
  for_client.algorithms.host_key_algorithms = host_certificate_algorithms();
  const Certificate certificate = certify(test_key());
  CertificateRequest request{
      .algorithm = std::string(certificate.type()), .blob = certificate.blob(), .host_key = host.blob()};
  CertificateLogin login(for_server, for_client);
  login.send_signed(request, test_key(), "ssh-ed25519");
  EXPECT_THAT(login.client.numbers(), ElementsAre(success_));
  CertificateLogin with_key(for_server, for_client);
  request.host_key = test_key().public_key().blob();
  with_key.send_signed(request, test_key(), "ssh-ed25519");
  EXPECT_THAT(with_key.client.numbers(), IsEmpty());
  EXPECT_EQ(with_key.server.failure(), Errc::bad_message);
}

TEST(ShownKey, IsAKeyOrACertificateUnderItsOwnNamesOnly) {
  const Certificate certificate = certify(test_key(KeyType::rsa_3072));
  const auto shown = ShownKey::from_blob(certificate.blob()).value();
  EXPECT_EQ(shown.certificate(), certificate);
  EXPECT_EQ(shown.key(), certificate.key());
  EXPECT_EQ(shown.signature_algorithm("rsa-sha2-256-cert-v01@openssh.com"), "rsa-sha2-256");
  for (const char* name : {"rsa-sha2-256", "ssh-rsa-cert-v01@openssh.com", "ssh-rsa", "", "ssh-ed25519"})
    EXPECT_EQ(shown.signature_algorithm(name), "") << name;
  const auto plain = ShownKey::from_blob(certificate.key().blob()).value();
  EXPECT_FALSE(plain.certificate());
  EXPECT_EQ(plain.signature_algorithm("rsa-sha2-512"), "rsa-sha2-512");
  EXPECT_EQ(plain.signature_algorithm("rsa-sha2-512-cert-v01@openssh.com"), "");
  EXPECT_FALSE(ShownKey::from_blob(as_bytes("nonsense")));
  EXPECT_FALSE(ShownKey::from_blob({}));
}

}  // namespace
}  // namespace fairlead::ssh::test
