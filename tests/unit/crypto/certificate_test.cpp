// SPDX-License-Identifier: Apache-2.0
// Reading certificates: what ssh-keygen makes, and what nobody should.
#include "crypto/certificate_algorithms.hpp"
#include "crypto/hash.hpp"
#include "crypto/limits.hpp"
#include "ssh_keygen.hpp"
#include "support/certificate_maker.hpp"
#include "support/software_token.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace fairlead::ssh {
namespace {

using test::CertificateRecipe;
using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;

const PrivateKey& authority() {
  static const PrivateKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  return key;
}
const PrivateKey& subject() {
  static const PrivateKey key = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  return key;
}

std::vector<std::byte> blob_of(const CertificateRecipe& recipe) {
  return test::certificate_blob(recipe, subject().public_key(), authority());
}
std::string refusal(Bytes blob) {
  const auto certificate = Certificate::from_blob(blob);
  return certificate ? "" : to_string(certificate.error());
}

struct CertifiedKind {
  std::string type, bits;
  std::string certificate_type;
  Words algorithms;
};
const std::vector<CertifiedKind> certified_kinds{
    {"ed25519", "", "ssh-ed25519-cert-v01@openssh.com", {"ssh-ed25519-cert-v01@openssh.com"}},
    {"ecdsa",
     "256",
     "ecdsa-sha2-nistp256-cert-v01@openssh.com",
     {"ecdsa-sha2-nistp256-cert-v01@openssh.com"}},
    {"ecdsa",
     "384",
     "ecdsa-sha2-nistp384-cert-v01@openssh.com",
     {"ecdsa-sha2-nistp384-cert-v01@openssh.com"}},
    {"ecdsa",
     "521",
     "ecdsa-sha2-nistp521-cert-v01@openssh.com",
     {"ecdsa-sha2-nistp521-cert-v01@openssh.com"}},
    {"rsa",
     "2048",
     "ssh-rsa-cert-v01@openssh.com",
     {"rsa-sha2-512-cert-v01@openssh.com", "rsa-sha2-256-cert-v01@openssh.com"}}};

class Certified : public testing::TestWithParam<CertifiedKind> {
 protected:
  void generate(const std::string& name, const std::string& type, const std::string& bits) {
    Words words{"-q", "-t", type, "-N", "", "-f", keygen_.path(name)};
    if (!bits.empty()) words.insert(words.end(), {"-b", bits});
    ASSERT_EQ(keygen_.run(words).status, 0) << keygen_.read("errors");
  }

  SshKeygen keygen_;
};
INSTANTIATE_TEST_SUITE_P(SshKeygen, Certified, testing::ValuesIn(certified_kinds),
                         [](const auto& each) { return each.param.type + each.param.bits; });

TEST_P(Certified, EveryFieldIsWhatSshKeygenWasTold) {
  generate("ca", GetParam().type, GetParam().bits);
  generate("key", GetParam().type, GetParam().bits);
  ASSERT_EQ(
      keygen_
          .run({"-q", "-s", keygen_.path("ca"), "-I", "alice of desk 5", "-n", "alice,ops", "-z",
                "18446744073709551615", "-V", "20260101120000Z:20300101120000Z", "-O",
                "force-command=date -u", "-O", "source-address=10.0.0.0/8,::1/128", keygen_.path("key.pub")})
          .status,
      0)
      << keygen_.read("errors");
  const auto loaded = Certificate::load(keygen_.path("key-cert.pub"));
  ASSERT_TRUE(loaded) << to_string(loaded.error());
  EXPECT_EQ(loaded->type(), GetParam().certificate_type);
  EXPECT_EQ(loaded->key(), PublicKey::from_text(keygen_.read("key.pub")).value());
  EXPECT_EQ(loaded->authority(), PublicKey::from_text(keygen_.read("ca.pub")).value());
  EXPECT_EQ(loaded->role(), Certificate::Role::user);
  EXPECT_EQ(loaded->serial(), 18446744073709551615U);
  EXPECT_EQ(loaded->key_id(), "alice of desk 5");
  EXPECT_THAT(loaded->principals(), ElementsAre("alice", "ops"));
  EXPECT_EQ(loaded->valid_after(), 1767268800U);
  EXPECT_EQ(loaded->valid_before(), 1893499200U);
  EXPECT_THAT(loaded->critical_options(), ElementsAre(test::valued("force-command", "date -u"),
                                                      test::valued("source-address", "10.0.0.0/8,::1/128")));
  EXPECT_EQ(loaded->extensions(), CertificateRecipe{}.extensions);
  EXPECT_THAT(loaded->algorithms(), testing::ElementsAreArray(GetParam().algorithms));
  EXPECT_EQ(Certificate::from_blob(loaded->blob()).value(), *loaded);
  // Its key alone is no certificate, and it is no key.
  EXPECT_FALSE(Certificate::load(keygen_.path("key.pub")));
  EXPECT_FALSE(PublicKey::from_text(keygen_.read("key-cert.pub")));
}

TEST_P(Certified, HostCertificatesAreReadToo) {
  generate("ca", "ed25519", "");
  generate("key", GetParam().type, GetParam().bits);
  ASSERT_EQ(keygen_
                .run({"-q", "-h", "-s", keygen_.path("ca"), "-I", "host", "-n", "host.example.com",
                      keygen_.path("key.pub")})
                .status,
            0);
  const auto host = Certificate::load(keygen_.path("key-cert.pub")).value();
  EXPECT_EQ(host.role(), Certificate::Role::host);
  EXPECT_EQ(host.serial(), 0U);
  EXPECT_EQ(host.valid_before(), ~std::uint64_t{0}) << "for ever";
}

// Signatures of every CA type, and of RSA by every algorithm that ssh-keygen knows.
TEST(CertificateAuthority, OnlySignaturesThatALoginMayUse) {
  const SshKeygen keygen;
  const auto make = [&](const std::string& name, Words words) {
    words.insert(words.begin(), {"-q", "-N", "", "-f", keygen.path(name), "-t"});
    ASSERT_EQ(keygen.run(words).status, 0) << keygen.read("errors");
  };
  make("key", {"ed25519"});
  make("rsa", {"rsa", "-b", "2048"});
  make("small", {"rsa", "-b", "1024"});
  make("ecdsa", {"ecdsa", "-b", "384"});
  make("dsa", {"dsa"});
  const auto sign = [&](const std::string& ca, const Words& more) {
    Words words{"-q", "-s", keygen.path(ca), "-I", "x", "-n", "alice"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(keygen.path("key.pub"));
    EXPECT_EQ(keygen.run(words).status, 0) << keygen.read("errors");
    const auto loaded = Certificate::load(keygen.path("key-cert.pub"));
    return loaded ? "" : to_string(loaded.error());
  };
  EXPECT_EQ(sign("ecdsa", {}), "");
  EXPECT_EQ(sign("rsa", {}), "");
  EXPECT_EQ(sign("rsa", {"-t", "rsa-sha2-256"}), "");
  EXPECT_EQ(sign("rsa", {"-t", "rsa-sha2-512"}), "");
  EXPECT_THAT(sign("rsa", {"-t", "ssh-rsa"}), HasSubstr("algorithm is not allowed"));
  EXPECT_THAT(sign("small", {}), HasSubstr("2048"));
  EXPECT_THAT(sign("dsa", {}), HasSubstr("unsupported"));
}

TEST(CertificateAuthority, ASecurityKeyMaySign) {
  const test::SoftwareToken token;
  const auto body = test::certificate_body({}, subject().public_key(), token.blob());
  const auto with = [&](const test::TokenSays& says) {
    ByteBuffer whole;
    WireWriter(whole).raw(body).string(token.sign(body, says));
    return refusal(whole.readable());
  };
  EXPECT_EQ(with({}), "");
  EXPECT_THAT(with({.flags = 0}), HasSubstr("touched"));
}

TEST(Certificates, OfSecurityKeysAreRead) {
  for (const auto type : {PrivateKey::Type::ed25519, PrivateKey::Type::ecdsa_p256}) {
    const test::SoftwareToken token(type);
    const SshKeygen keygen;
    keygen.write("key.pub", token.public_key().text() + "\n");
    keygen.write("ca", authority().to_openssh_text(""));
    ASSERT_EQ(keygen
                  .run({"-q", "-s", keygen.path("ca"), "-I", "x", "-n", "alice", "-O", "no-touch-required",
                        "-O", "verify-required", keygen.path("key.pub")})
                  .status,
              0)
        << keygen.read("errors");
    const auto loaded = Certificate::load(keygen.path("key-cert.pub"));
    ASSERT_TRUE(loaded) << to_string(loaded.error());
    EXPECT_EQ(loaded->key(), token.public_key());
    EXPECT_EQ(plain_algorithm(loaded->algorithms().at(0)), token.type());
  }
}

// Whatever bit is turned, the CA has not signed it.
TEST(Certificates, EveryBitFlipIsRefused) {
  const auto good = blob_of({});
  ASSERT_EQ(refusal(good), "");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    auto changed = good;
    changed[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_NE(refusal(changed), "") << bit;
  }
}

TEST(Certificates, EveryTruncationAndAnythingBehindIsRefused) {
  const auto good = blob_of({});
  for (std::size_t size = 0; size < good.size(); ++size)
    ASSERT_NE(refusal(Bytes(good).first(size)), "") << size;
  auto longer = good;
  longer.push_back(std::byte{0});
  EXPECT_THAT(refusal(longer), HasSubstr("malformed"));
}

TEST(Certificates, WithOddContentAreRefusedThoughSigned) {
  const std::string nul("a\0b", 3);
  const auto many = [](std::size_t count) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back("user" + std::to_string(i));
    return names;
  };
  const auto options = [](std::size_t count) {
    std::vector<CertificateOption> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back({"x" + std::to_string(1000 + i), ""});
    return list;
  };
  EXPECT_THAT(refusal(blob_of({.role = 0})), HasSubstr("neither users nor hosts"));
  EXPECT_THAT(refusal(blob_of({.role = 3})), HasSubstr("neither users nor hosts"));
  EXPECT_THAT(refusal(blob_of({.key_id = nul})), HasSubstr("malformed"));
  EXPECT_THAT(refusal(blob_of({.principals = {"alice", ""}})), HasSubstr("principals"));
  EXPECT_THAT(refusal(blob_of({.principals = {nul}})), HasSubstr("principals"));
  EXPECT_EQ(refusal(blob_of({.principals = many(max_certificate_principals)})), "");
  EXPECT_THAT(refusal(blob_of({.principals = many(max_certificate_principals + 1)})), HasSubstr("too many"));
  EXPECT_EQ(refusal(blob_of({.critical = options(max_certificate_options)})), "");
  EXPECT_THAT(refusal(blob_of({.critical = options(max_certificate_options + 1)})), HasSubstr("too many"));
  EXPECT_THAT(refusal(blob_of({.extensions = options(max_certificate_options + 1)})), HasSubstr("too many"));
  EXPECT_THAT(refusal(blob_of({.critical = {{"b", ""}, {"a", ""}}})), HasSubstr("order"));
  EXPECT_THAT(refusal(blob_of({.extensions = {{"a", ""}, {"a", ""}}})), HasSubstr("twice"));
  EXPECT_THAT(refusal(blob_of({.extensions = {{"", ""}}})), HasSubstr("options"));
  EXPECT_THAT(refusal(blob_of({.key_id = std::string(max_certificate, 'x')})), HasSubstr("too large"));
  EXPECT_THAT(refusal(blob_of({.type = "ssh-ed25519"})), HasSubstr("not a certificate"));
  EXPECT_THAT(refusal(blob_of({.type = "ssh-dss-cert-v01@openssh.com"})), HasSubstr("not a certificate"));
  // An algorithm is no type.
  EXPECT_THAT(refusal(blob_of({.type = "rsa-sha2-512-cert-v01@openssh.com"})),
              HasSubstr("not a certificate"));
}

// x/crypto 90f76b8: each level cost a parser's stack.
TEST(Certificates, ACertificateAsTheCasKeyIsRefusedBeforeItIsRead) {
  auto inner = blob_of({});
  for (int depth = 0; depth < 3; ++depth) {
    const auto body = test::certificate_body({}, subject().public_key(), inner);
    ByteBuffer whole;
    WireWriter(whole).raw(body).string(authority().sign("ssh-ed25519", body).value());
    inner = test::to_vector(whole);
    EXPECT_THAT(refusal(inner), HasSubstr("the CA's key is a certificate"));
  }
}

TEST(Certificates, TextIsATypeAndItsCertificate) {
  const auto good = test::make_certificate({}, subject().public_key(), authority());
  const std::string encoded = base64(good.blob());
  EXPECT_EQ(Certificate::from_text(std::string(good.type()) + " " + encoded + " a comment\n").value(), good);
  EXPECT_FALSE(Certificate::from_text("ssh-rsa-cert-v01@openssh.com " + encoded));
  EXPECT_FALSE(Certificate::from_text(encoded));
  EXPECT_FALSE(Certificate::from_text(""));
  EXPECT_EQ(Certificate::load("/nonexistent").error().code, Errc::io_failed);
  EXPECT_EQ(Certificate::load("/").error().code, Errc::io_failed);
}

TEST(Certificates, AnEmptyOneHasNothing) {
  const Certificate none;
  EXPECT_EQ(none.type(), "");
  EXPECT_TRUE(none.blob().empty());
  EXPECT_TRUE(none.algorithms().empty());
  EXPECT_TRUE(none.key().blob().empty());
  EXPECT_FALSE(check_user_certificate(none, {}, "127.0.0.1"));
  EXPECT_FALSE(check_host_certificate(none, {}, "host"));
}

TEST(CertificateAlgorithms, NameWhatSigns) {
  for (const auto& algorithm : certificate_algorithms()) {
    EXPECT_EQ(plain_algorithm(algorithm.name), algorithm.signature);
    EXPECT_EQ(plain_algorithm(algorithm.signature), "");
  }
  EXPECT_EQ(plain_algorithm("ssh-rsa-cert-v01@openssh.com"), "") << "SHA-1";
  EXPECT_EQ(plain_algorithm(""), "");
}

}  // namespace
}  // namespace fairlead::ssh
