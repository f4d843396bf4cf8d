// SPDX-License-Identifier: Apache-2.0
// Keys in FIDO tokens (PROTOCOL.u2f): what their signatures must cover, and what they say of the holder.
#include "ssh_keygen.hpp"
#include "support/software_token.hpp"

#include <gtest/gtest.h>

#include <array>

namespace fairlead::ssh {
namespace {

using test::SoftwareToken;

constexpr std::array token_types{PrivateKey::Type::ed25519, PrivateKey::Type::ecdsa_p256};
constexpr std::uint8_t touch_flag = 1, verified_flag = 4;

Bytes signed_data() {
  return as_bytes("what is signed");
}

Errc token_refusal(const SoftwareToken& token, Bytes signature) {
  const auto use = token.public_key().verify_use(token.type(), signed_data(), signature);
  EXPECT_FALSE(token.public_key().verify(token.type(), signed_data(), signature));
  return use ? Errc::cancelled : use.error().code;
}

class TokenKinds : public testing::TestWithParam<PrivateKey::Type> {};
INSTANTIATE_TEST_SUITE_P(SecurityKeys, TokenKinds, testing::ValuesIn(token_types));

TEST_P(TokenKinds, SignaturesVerifyAndTellWhatWasDone) {
  const auto type = GetParam();
  const SoftwareToken token(type);
  const PublicKey key = token.public_key();
  EXPECT_TRUE(key.is_security_key());
  EXPECT_EQ(key.algorithms(), std::vector<std::string_view>{token.type()});
  EXPECT_TRUE(key.verify(token.type(), signed_data(), token.sign(signed_data())));
  const auto use =
      key.verify_use(token.type(), signed_data(),
                     token.sign(signed_data(), {.flags = touch_flag | verified_flag, .counter = 0xfffffffe}));
  ASSERT_TRUE(use && *use);
  EXPECT_EQ(**use, (SecurityKeyUse{.touched = true, .user_verified = true, .counter = 0xfffffffe}));
}

TEST(SecurityKeys, OrdinaryKeysSayNothingAboutTheirHolder) {
  const auto key = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  EXPECT_FALSE(key.public_key().is_security_key());
  EXPECT_FALSE(PublicKey().is_security_key());
  const auto use =
      key.public_key().verify_use("ssh-ed25519", signed_data(), *key.sign("ssh-ed25519", signed_data()));
  ASSERT_TRUE(use);
  EXPECT_FALSE(use->has_value());
}

// CVE-2026-39831: whoever does not ask gets the safe answer.
TEST_P(TokenKinds, WithoutATouchTheSignatureIsRefusedUnlessAskedFor) {
  const auto type = GetParam();
  const SoftwareToken token(type);
  for (const std::uint8_t flags : {std::uint8_t{0}, verified_flag}) {
    const auto signature = token.sign(signed_data(), {.flags = flags});
    EXPECT_FALSE(token.public_key().verify(token.type(), signed_data(), signature));
    const auto use = token.public_key().verify_use(token.type(), signed_data(), signature);
    ASSERT_TRUE(use && *use);
    EXPECT_FALSE((*use)->touched);
    EXPECT_EQ((*use)->user_verified, flags == verified_flag);
  }
}

TEST_P(TokenKinds, TheSignatureCoversApplicationFlagsCounterAndData) {
  const auto type = GetParam();
  const SoftwareToken token(type);
  EXPECT_EQ(token_refusal(token, token.sign(signed_data(), {.application = "ssh:other"})),
            Errc::bad_signature);
  EXPECT_EQ(token_refusal(token, token.sign(as_bytes("other data"))), Errc::bad_signature);
  const auto signature = token.sign(signed_data(), {.flags = 0});
  for (std::size_t from_end = 1; from_end <= 5; ++from_end) {  // the counter, then the flags
    auto forged = signature;
    forged[forged.size() - from_end] ^= std::byte{1};
    EXPECT_EQ(token_refusal(token, forged), Errc::bad_signature) << from_end;
  }
  EXPECT_EQ(token_refusal(token, SoftwareToken(type).sign(signed_data())), Errc::bad_signature);
}

TEST_P(TokenKinds, TruncatedAndLongerSignaturesAreRefused) {
  const auto type = GetParam();
  const SoftwareToken token(type);
  auto signature = token.sign(signed_data());
  for (std::size_t size = 0; size < signature.size(); ++size)
    EXPECT_EQ(token_refusal(token, Bytes(signature).first(size)), Errc::bad_signature) << size;
  signature.push_back(std::byte{0});
  EXPECT_EQ(token_refusal(token, signature), Errc::bad_signature);
}

TEST(SecurityKeys, SignaturesOfOtherKindsAreRefused) {
  const SoftwareToken token;
  const PrivateKey plain = PrivateKey::generate(PrivateKey::Type::ed25519).value();
  EXPECT_EQ(token_refusal(token, *plain.sign("ssh-ed25519", signed_data())), Errc::bad_signature);
  EXPECT_EQ(token_refusal(token, SoftwareToken(PrivateKey::Type::ecdsa_p256).sign(signed_data())),
            Errc::bad_signature);
  EXPECT_FALSE(token.public_key().verify("ssh-ed25519", signed_data(), token.sign(signed_data())));
  EXPECT_FALSE(plain.public_key().verify("ssh-ed25519", signed_data(), token.sign(signed_data())));
}

TEST_P(TokenKinds, MalformedKeysAreRefused) {
  const auto type = GetParam();
  const SoftwareToken token(type);
  for (std::size_t size = 0; size < token.blob().size(); ++size)
    EXPECT_FALSE(PublicKey::from_blob(token.blob().first(size))) << size;
  std::vector<std::byte> longer(token.blob().begin(), token.blob().end());
  longer.push_back(std::byte{0});
  EXPECT_FALSE(PublicKey::from_blob(longer));
  const SoftwareToken nameless(type, "");
  EXPECT_FALSE(PublicKey::from_blob(nameless.blob())) << "without an application";
  EXPECT_TRUE(PublicKey::from_blob(SoftwareToken(type, "ssh:something").blob()));
  const SoftwareToken p384(PrivateKey::Type::ecdsa_p384);
  EXPECT_EQ(PublicKey::from_blob(p384.blob()).error().code, Errc::unsupported_key);
}

TEST_P(TokenKinds, TextAndFingerprintAreThoseOfSshKeygen) {
  const SshKeygen keygen;
  const auto type = GetParam();
  const PublicKey key = SoftwareToken(type).public_key();
  EXPECT_EQ(PublicKey::from_text(key.text() + " somebody").value(), key);
  keygen.write("key.pub", key.text() + " somebody\n");
  const auto listed = keygen.run({"-l", "-f", keygen.path("key.pub")});
  EXPECT_EQ(listed.status, 0);
  EXPECT_NE(listed.output.find(" " + key.fingerprint() + " "), std::string::npos) << listed.output;
}

// OpenSSH takes a signature of our token for what it is: PROTOCOL.sshsig around the same wire form.
TEST_P(TokenKinds, SshKeygenVerifiesTheSameSignatures) {
  const SshKeygen keygen;
  const auto type = GetParam();
  const SoftwareToken token(type);
  ByteBuffer to_sign;
  WireWriter(to_sign).raw(as_bytes("SSHSIG")).string("test").string("").string("sha512");
  WireWriter(to_sign).string(digest("SHA512", {signed_data()}));
  const auto signature = token.sign(to_sign.readable());
  EXPECT_TRUE(token.public_key().verify(token.type(), to_sign.readable(), signature));
  ByteBuffer file;
  WireWriter(file).raw(as_bytes("SSHSIG")).u32(1).string(token.blob()).string("test").string("");
  WireWriter(file).string("sha512").string(signature);
  keygen.write("signature", "-----BEGIN SSH SIGNATURE-----\n" + base64(file.readable()) +
                                "\n-----END SSH SIGNATURE-----\n");
  keygen.write("data", as_text(signed_data()));
  const auto checked = keygen.run({"-Y", "check-novalidate", "-n", "test", "-s", keygen.path("signature")},
                                  keygen.path("data"));
  EXPECT_EQ(checked.status, 0) << checked.output;
}

// The file of a token's key holds a handle; OpenSSH writes it like any private key.
TEST(SecurityKeys, NothingHereSignsWithThem) {
  const SoftwareToken token;
  ByteBuffer secret;
  WireWriter(secret).u32(5).u32(5).raw(token.blob()).byte(1).string("handle").string("").string("comment");
  for (std::uint8_t pad = 1; secret.size() % 8 != 0; ++pad) WireWriter(secret).byte(pad);
  ByteBuffer file;
  WireWriter(file).raw(as_bytes(std::string_view("openssh-key-v1\0", 15))).string("none").string("none");
  WireWriter(file).string("").u32(1).string(token.blob()).string(secret.readable());
  const auto key = PrivateKey::from_text("-----BEGIN OPENSSH PRIVATE KEY-----\n" + base64(file.readable()) +
                                         "\n-----END OPENSSH PRIVATE KEY-----\n");
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, Errc::unsupported_key);
}

}  // namespace
}  // namespace fairlead::ssh
