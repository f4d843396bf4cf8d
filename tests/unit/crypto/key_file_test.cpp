// SPDX-License-Identifier: Apache-2.0
// Private key files, against ssh-keygen in both directions, and damaged in every way.
#include "base/secret.hpp"
#include "base/wire.hpp"
#include "crypto/bcrypt_pbkdf.hpp"
#include "crypto/hash.hpp"
#include "crypto/limits.hpp"
#include "hex.hpp"
#include "ssh_keygen.hpp"

#include <fairlead/ssh/keys.hpp>

#include <gtest/gtest.h>

namespace fairlead::ssh {
namespace {

using Words = std::vector<std::string>;

struct KeyKind {
  std::string type;
  std::string bits;
};
const std::vector<KeyKind> kinds{
    {"ed25519", ""}, {"ecdsa", "256"}, {"ecdsa", "384"}, {"ecdsa", "521"}, {"rsa", "2048"}};

std::string name_of(const testing::TestParamInfo<KeyKind>& info) {
  return info.param.type + info.param.bits;
}

class KeyFile : public testing::TestWithParam<KeyKind> {
 protected:
  // Makes `name` and `name`.pub with ssh-keygen.
  void generate(const std::string& name, const std::string& passphrase, const Words& more = {}) {
    Words words{"-q", "-t", GetParam().type, "-N", passphrase, "-C", "a comment", "-f", keygen_.path(name)};
    if (!GetParam().bits.empty()) words.insert(words.end(), {"-b", GetParam().bits});
    words.insert(words.end(), more.begin(), more.end());
    ASSERT_EQ(keygen_.run(words).status, 0) << keygen_.read("errors");
  }
  PublicKey public_key(const std::string& name) {
    return PublicKey::from_text(keygen_.read(name + ".pub")).value();
  }
  void expect_loads(const std::string& name, const std::string& passphrase) {
    const auto key = PrivateKey::load(keygen_.path(name), passphrase);
    ASSERT_TRUE(key) << name << ": " << to_string(key.error());
    EXPECT_EQ(key->public_key(), public_key(name));
    const std::string_view algorithm = key->public_key().algorithms().front();
    EXPECT_TRUE(
        public_key(name).verify(algorithm, as_bytes("data"), *key->sign(algorithm, as_bytes("data"))));
  }

  SshKeygen keygen_;
};
INSTANTIATE_TEST_SUITE_P(SshKeygen, KeyFile, testing::ValuesIn(kinds), name_of);

TEST_P(KeyFile, OpenSshFormatLoads) {
  generate("plain", "");
  expect_loads("plain", "");
  expect_loads("plain", "needless passphrase");
  generate("encrypted", "secret", {"-a", "3"});
  expect_loads("encrypted", "secret");
}

TEST_P(KeyFile, PemFormatsLoad) {
  if (GetParam().type == "ed25519") return;  // ssh-keygen writes no PEM of it; RFC 8032's test reads PKCS#8
  for (const std::string format : {"PEM", "PKCS8"}) {
    generate(format, "", {"-m", format});
    EXPECT_EQ(keygen_.read(format).find("OPENSSH"), std::string::npos);
    expect_loads(format, "");
    generate(format + "-encrypted", "secret", {"-m", format});
    expect_loads(format + "-encrypted", "secret");
    EXPECT_FALSE(PrivateKey::load(keygen_.path(format + "-encrypted"), "wrong"));
    EXPECT_FALSE(PrivateKey::load(keygen_.path(format + "-encrypted")));
  }
}

TEST_P(KeyFile, FingerprintIsSshKeygens) {
  generate("key", "");
  const std::string listed = keygen_.run({"-l", "-f", keygen_.path("key")}).output;
  EXPECT_NE(listed.find(" " + public_key("key").fingerprint() + " "), std::string::npos) << listed;
  EXPECT_EQ(public_key("key").text(), keygen_.read("key.pub").substr(0, public_key("key").text().size()));
}

TEST_P(KeyFile, WhatWeWriteSshKeygenReads) {
  generate("theirs", "");
  const PrivateKey key = PrivateKey::load(keygen_.path("theirs")).value();
  keygen_.write("ours", key.to_openssh_text("our comment"));
  const auto shown = keygen_.run({"-y", "-f", keygen_.path("ours")});
  EXPECT_EQ(shown.status, 0) << keygen_.read("errors");
  EXPECT_EQ(shown.output, key.public_key().text() + " our comment\n");
  const auto again = PrivateKey::load(keygen_.path("ours"));
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->public_key(), key.public_key());
  // ssh-keygen changes the passphrase: it understands every private number, not only the public ones.
  EXPECT_EQ(keygen_.run({"-p", "-q", "-a", "2", "-P", "", "-N", "later", "-f", keygen_.path("ours")}).status,
            0);
  EXPECT_EQ(PrivateKey::load(keygen_.path("ours"), "later")->public_key(), key.public_key());
}

// SSHSIG (PROTOCOL.sshsig): what is signed, and the file around the signature.
std::vector<std::byte> sshsig_data(std::string_view message) {
  ByteBuffer data;
  WireWriter(data).raw(as_bytes("SSHSIG")).string("test").string("").string("sha512");
  WireWriter(data).string(digest("SHA512", {as_bytes(message)}));
  return {data.readable().begin(), data.readable().end()};
}

TEST_P(KeyFile, SignaturesAgreeWithSshKeygen) {
  generate("key", "");
  const PrivateKey key = PrivateKey::load(keygen_.path("key")).value();
  const std::string_view algorithm = key.public_key().algorithms().front();
  keygen_.write("message", "what is signed");

  ASSERT_EQ(
      keygen_.run({"-Y", "sign", "-q", "-n", "test", "-f", keygen_.path("key"), keygen_.path("message")})
          .status,
      0);
  std::string armored = keygen_.read("message.sig");
  armored = armored.substr(armored.find('\n') + 1);
  armored = armored.substr(0, armored.find("-----END"));
  std::erase(armored, '\n');
  const auto theirs = from_base64(armored).value();
  WireReader reader(theirs);
  (void)reader.raw(6);
  (void)reader.u32();
  EXPECT_TRUE(equal(reader.string(), key.public_key().blob()));
  for (int field = 0; field < 3; ++field) (void)reader.string();
  const Bytes signature = reader.string();
  ASSERT_TRUE(reader.done());
  EXPECT_TRUE(key.public_key().verify(algorithm, sshsig_data("what is signed"), signature));
  EXPECT_FALSE(key.public_key().verify(algorithm, sshsig_data("what is signeD"), signature));

  ByteBuffer ours;
  WireWriter(ours).raw(as_bytes("SSHSIG")).u32(1).string(key.public_key().blob()).string("test").string("");
  WireWriter(ours).string("sha512").string(key.sign(algorithm, sshsig_data("what is signed")).value());
  keygen_.write("our.sig", "-----BEGIN SSH SIGNATURE-----\n" + base64(ours.readable()) +
                               "\n-----END SSH SIGNATURE-----\n");
  const Words check{"-Y", "check-novalidate", "-n", "test", "-s", keygen_.path("our.sig")};
  EXPECT_EQ(keygen_.run(check, keygen_.path("message")).status, 0) << keygen_.read("errors");
  keygen_.write("message", "what is signeD");
  EXPECT_NE(keygen_.run(check, keygen_.path("message")).status, 0);
}

TEST_P(KeyFile, PassphrasesAreChecked) {
  generate("key", "secret", {"-a", "2"});
  const auto wrong = PrivateKey::load(keygen_.path("key"), "Secret");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Errc::bad_key);
  EXPECT_NE(to_string(wrong.error()).find("wrong passphrase"), std::string::npos);
  const auto none = PrivateKey::load(keygen_.path("key"));
  ASSERT_FALSE(none);
  EXPECT_NE(to_string(none.error()).find("no passphrase"), std::string::npos);
}

TEST_P(KeyFile, EveryTruncationIsRefused) {
  generate("plain", "");
  const std::string end = "-----END";
  const std::string plain = keygen_.read("plain");
  for (std::size_t size = 0; size < plain.rfind(end) + end.size(); ++size)
    ASSERT_FALSE(PrivateKey::from_text(std::string_view(plain).substr(0, size))) << size;
  if (GetParam().type == "ed25519") return;
  generate("pem", "", {"-m", "PKCS8"});
  const std::string text = keygen_.read("pem");
  for (std::size_t size = 0; size < text.rfind(end); ++size)
    ASSERT_FALSE(PrivateKey::from_text(std::string_view(text).substr(0, size))) << size;
}

std::string armor(Bytes bytes) {
  return "-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64(bytes) + "\n-----END OPENSSH PRIVATE KEY-----\n";
}

std::vector<std::byte> unarmor(std::string text) {
  text = text.substr(text.find('\n') + 1);
  text = text.substr(0, text.find("-----END"));
  std::erase(text, '\n');
  return from_base64(text).value();
}

// Whole inside the armour, cut or changed behind it.
TEST_P(KeyFile, DamagedContentIsRefusedOrHarmless) {
  generate("key", "");
  const auto bytes = unarmor(keygen_.read("key"));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_FALSE(PrivateKey::from_text(armor(Bytes(bytes).first(size)))) << size;
  const PublicKey original = public_key("key");
  const std::size_t step = GetParam().type == "rsa" ? 5 : 1;  // RSA files are long and slow to check
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    auto changed = bytes;
    changed[at] ^= std::byte{0x01};
    const auto key = PrivateKey::from_text(armor(changed));
    if (!key) continue;
    // What changed is the comment, or RSA's coefficient, which OpenSSL does without.
    EXPECT_EQ(key->public_key(), original) << at;
  }
}

TEST(KeyFileFormat, OtherCiphersLoad) {
  const SshKeygen keygen;
  for (const std::string cipher : {"aes128-ctr", "aes192-ctr", "aes256-cbc", "aes128-cbc"}) {
    const std::string file = keygen.path(cipher);
    ASSERT_EQ(keygen.run({"-q", "-t", "ed25519", "-a", "2", "-Z", cipher, "-N", "secret", "-f", file}).status,
              0);
    const auto key = PrivateKey::load(file, "secret");
    ASSERT_TRUE(key) << cipher << to_string(key.error());
    EXPECT_EQ(key->public_key(), PublicKey::from_text(keygen.read(cipher + ".pub")).value());
  }
}

// Each form in which openssl writes a private key; `header` proves that it is the one meant.
struct OpensslForm {
  std::string name;
  Words generate;
  Words convert;  // "pkey" and the like; empty: as generated
  std::string header;
  std::string passphrase = {};
};
const Words rsa_key{"genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"};
const Words ec_key{"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"};
const Words ed25519_key{"genpkey", "-algorithm", "ED25519"};
const std::vector<OpensslForm> openssl_forms{
    {"Ed25519Pkcs8", ed25519_key, {}, "BEGIN PRIVATE KEY"},
    {"Ed25519Pkcs8Encrypted", ed25519_key, {"pkcs8", "-topk8"}, "BEGIN ENCRYPTED PRIVATE KEY", "secret"},
    {"RsaPkcs8", rsa_key, {}, "BEGIN PRIVATE KEY"},
    {"RsaPkcs8Encrypted", rsa_key, {"pkcs8", "-topk8"}, "BEGIN ENCRYPTED PRIVATE KEY", "secret"},
    {"RsaPkcs8Scrypt", rsa_key, {"pkcs8", "-topk8", "-scrypt"}, "BEGIN ENCRYPTED PRIVATE KEY", "secret"},
    {"RsaPkcs1", rsa_key, {"pkey", "-traditional"}, "BEGIN RSA PRIVATE KEY"},
    {"RsaPkcs1Encrypted", rsa_key, {"pkey", "-traditional", "-aes256"}, "Proc-Type: 4,ENCRYPTED", "secret"},
    {"EcPkcs8", ec_key, {}, "BEGIN PRIVATE KEY"},
    {"EcPkcs8Encrypted", ec_key, {"pkcs8", "-topk8"}, "BEGIN ENCRYPTED PRIVATE KEY", "secret"},
    {"EcSec1", ec_key, {"pkey", "-traditional"}, "BEGIN EC PRIVATE KEY"},
    {"EcSec1Encrypted", ec_key, {"pkey", "-traditional", "-aes128"}, "Proc-Type: 4,ENCRYPTED", "secret"},
    {"EcSec1AfterItsParameters", {"ecparam", "-genkey", "-name", "prime256v1"}, {}, "BEGIN EC PARAMETERS"},
};

class OpensslKeyFile : public testing::TestWithParam<OpensslForm> {};
INSTANTIATE_TEST_SUITE_P(Openssl, OpensslKeyFile, testing::ValuesIn(openssl_forms),
                         [](const auto& each) { return each.param.name; });

TEST_P(OpensslKeyFile, Loads) {
  const SshKeygen keygen;
  const OpensslForm& form = GetParam();
  const auto run = [&](Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    ASSERT_EQ(keygen.openssl(words).status, 0) << keygen.read("errors");
  };
  run(form.generate, {"-out", keygen.path("made")});
  std::string file = "made";
  if (!form.convert.empty()) {
    file = "converted";
    run(form.convert,
        {"-in", keygen.path("made"), "-out", keygen.path(file), "-passout", "pass:" + form.passphrase});
  }
  ASSERT_NE(keygen.read(file).find(form.header), std::string::npos) << keygen.read(file);
  const auto key = PrivateKey::load(keygen.path(file), form.passphrase);
  ASSERT_TRUE(key) << to_string(key.error());
  EXPECT_EQ(key->public_key(), PrivateKey::load(keygen.path("made"))->public_key());
  if (form.passphrase.empty()) return;
  EXPECT_FALSE(PrivateKey::load(keygen.path(file)));
  EXPECT_FALSE(PrivateKey::load(keygen.path(file), "wrong"));
}

TEST(KeyFileFormat, UnusualKeysAreRefusedWithAReason) {
  const SshKeygen keygen;
  ASSERT_EQ(keygen.run({"-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", keygen.path("small")}).status, 0);
  const auto small = PrivateKey::load(keygen.path("small"));
  ASSERT_FALSE(small);
  EXPECT_NE(to_string(small.error()).find("2048"), std::string::npos);
  ASSERT_EQ(keygen.run({"-q", "-t", "dsa", "-N", "", "-f", keygen.path("dsa")}).status, 0);
  EXPECT_EQ(PrivateKey::load(keygen.path("dsa")).error().code, Errc::unsupported_key);
}

TEST(KeyFileFormat, FilesThatAreNoneAreRefused) {
  const SshKeygen keygen;
  EXPECT_EQ(PrivateKey::load(keygen.path("missing")).error().code, Errc::io_failed);
  EXPECT_EQ(PrivateKey::load(keygen.path("")).error().code, Errc::io_failed);  // a directory
  keygen.write("empty", "");
  EXPECT_FALSE(PrivateKey::load(keygen.path("empty")));
  keygen.write("large", std::string(max_key_file + 1, 'x'));
  EXPECT_EQ(PrivateKey::load(keygen.path("large")).error().code, Errc::bad_key);
  EXPECT_FALSE(PrivateKey::from_text("not a key"));
  EXPECT_FALSE(PrivateKey::from_text("-----BEGIN OPENSSH PRIVATE KEY-----"));
  EXPECT_FALSE(PrivateKey::from_text("-----END OPENSSH PRIVATE KEY----------BEGIN OPENSSH PRIVATE KEY-----"));
  EXPECT_FALSE(PrivateKey::from_text(PrivateKey::generate(PrivateKey::Type::ed25519)->public_key().text()));
}

// A file whose halves belong to different keys: signing with it could give the private half away.
TEST(KeyFileFormat, MixedHalvesAreRefused) {
  const auto one = unarmor(PrivateKey::generate(PrivateKey::Type::ed25519)->to_openssh_text(""));
  const auto two = unarmor(PrivateKey::generate(PrivateKey::Type::ed25519)->to_openssh_text(""));
  ASSERT_EQ(one.size(), two.size());
  std::size_t mixed_files = 0;
  for (std::size_t cut = 40; cut < one.size(); cut += 1) {
    auto mixed = one;
    std::ranges::copy(two.begin() + static_cast<std::ptrdiff_t>(cut), two.end(),
                      mixed.begin() + static_cast<std::ptrdiff_t>(cut));
    if (mixed == one || mixed == two) continue;
    EXPECT_FALSE(PrivateKey::from_text(armor(mixed))) << cut;
    ++mixed_files;
  }
  EXPECT_GT(mixed_files, 100U);
}

TEST(KeyFileFormat, HostileKeyDerivationIsRefusedFast) {
  const auto file_with = [](std::string_view kdf, Bytes options) {
    ByteBuffer file;
    WireWriter(file).raw(as_bytes(std::string_view("openssh-key-v1\0", 15))).string("aes256-ctr").string(kdf);
    WireWriter(file).string(options).u32(1).string("blob").string(std::string(64, 'x'));
    return armor(file.readable());
  };
  const auto options = [](std::size_t salt, std::uint32_t rounds) {
    ByteBuffer buffer;
    WireWriter(buffer).string(std::string(salt, 's')).u32(rounds);
    return std::vector<std::byte>(buffer.readable().begin(), buffer.readable().end());
  };
  EXPECT_EQ(PrivateKey::from_text(file_with("bcrypt", options(16, 0xffffffff)), "p").error().code,
            Errc::unsupported_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("bcrypt", options(16, max_bcrypt_rounds + 1)), "p").error().code,
            Errc::unsupported_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("bcrypt", options(16, 0)), "p").error().code, Errc::bad_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("bcrypt", options(0, 1)), "p").error().code, Errc::bad_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("bcrypt", options(5000, 1)), "p").error().code, Errc::bad_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("bcrypt", {}), "p").error().code, Errc::bad_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("scrypt", options(16, 1)), "p").error().code,
            Errc::unsupported_key);
  EXPECT_EQ(PrivateKey::from_text(file_with("none", {}), "p").error().code, Errc::unsupported_key);
}

TEST(BcryptPbkdf, AgreesWithPublishedVectors) {
  EXPECT_EQ(to_hex(bcrypt_pbkdf("password", as_bytes("salt"), 4, 32)),
            "5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9");
}

TEST(BcryptPbkdf, EverySizeAndInputMatters) {
  const auto base = bcrypt_pbkdf("password", as_bytes("salt"), 1, 16);
  EXPECT_EQ(base.size(), 16U);
  EXPECT_NE(base, bcrypt_pbkdf("passworD", as_bytes("salt"), 1, 16));
  EXPECT_NE(base, bcrypt_pbkdf("password", as_bytes("salT"), 1, 16));
  EXPECT_NE(base, bcrypt_pbkdf("password", as_bytes("salt"), 2, 16));
  EXPECT_EQ(bcrypt_pbkdf("password", as_bytes("salt"), 1, 1).size(), 1U);
  EXPECT_EQ(bcrypt_pbkdf("password", as_bytes("salt"), 1, 100).size(), 100U);
}

}  // namespace
}  // namespace fairlead::ssh
