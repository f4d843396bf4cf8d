// SPDX-License-Identifier: Apache-2.0
// Public and private keys: signatures of every type, RFC 8032's vectors, and blobs and signatures that must
// be refused.
#include "base/wire.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_file.hpp"
#include "crypto/mpint.hpp"
#include "hex.hpp"

#include <fairlead/ssh/keys.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

namespace fairlead::ssh {
namespace {

using Type = PrivateKey::Type;
constexpr Type all_types[] = {Type::ed25519, Type::ecdsa_p256, Type::ecdsa_p384, Type::ecdsa_p521,
                              Type::rsa_3072};

// One key of each type for all tests: RSA keys take long to make.
const PrivateKey& key_of(Type type) {
  static const std::vector<PrivateKey> keys = [] {
    std::vector<PrivateKey> list;
    for (const Type each : all_types) list.push_back(PrivateKey::generate(each).value());
    return list;
  }();
  return keys[static_cast<std::size_t>(type)];
}

template <class... Fields>
std::vector<std::byte> strings(const Fields&... fields) {
  ByteBuffer buffer;
  (WireWriter(buffer).string(fields), ...);
  return {buffer.readable().begin(), buffer.readable().end()};
}

std::vector<std::byte> rsa_blob(Bytes e, Bytes n) {
  ByteBuffer buffer;
  WireWriter(buffer).string("ssh-rsa").mpint(e).mpint(n);
  return {buffer.readable().begin(), buffer.readable().end()};
}

// An odd number of exactly `bits` bits.
std::vector<std::byte> odd_number(std::size_t bits) {
  std::vector<std::byte> number((bits + 7) / 8, std::byte{0x5b});
  number.front() = static_cast<std::byte>(1U << ((bits - 1) % 8));
  return number;
}

Errc code_of(Bytes blob) {
  const auto key = PublicKey::from_blob(blob);
  EXPECT_FALSE(key) << to_hex(blob.first(std::min<std::size_t>(blob.size(), 64)));
  return key ? Errc{} : key.error().code;
}

TEST(Keys, EveryTypeSignsAndVerifies) {
  for (const Type type : all_types) {
    const PrivateKey& key = key_of(type);
    const auto reread = PublicKey::from_blob(key.public_key().blob());
    ASSERT_TRUE(reread);
    ASSERT_FALSE(key.public_key().algorithms().empty());
    for (const std::string_view algorithm : key.public_key().algorithms())
      for (const std::string_view data : {"", "x", "some longer data to be signed"}) {
        const auto signature = key.sign(algorithm, as_bytes(data));
        ASSERT_TRUE(signature) << algorithm;
        EXPECT_TRUE(reread->verify(algorithm, as_bytes(data), *signature)) << algorithm;
        EXPECT_FALSE(reread->verify(algorithm, as_bytes("other"), *signature)) << algorithm;
        EXPECT_EQ(WireReader(*signature).text(), algorithm);
      }
  }
}

TEST(Keys, AlgorithmsFollowTheType) {
  using List = std::vector<std::string_view>;
  EXPECT_EQ(key_of(Type::ed25519).public_key().algorithms(), List{"ssh-ed25519"});
  EXPECT_EQ(key_of(Type::ecdsa_p384).public_key().algorithms(), List{"ecdsa-sha2-nistp384"});
  EXPECT_EQ(key_of(Type::rsa_3072).public_key().algorithms(), (List{"rsa-sha2-512", "rsa-sha2-256"}));
  EXPECT_EQ(key_of(Type::rsa_3072).public_key().type(), "ssh-rsa");
}

TEST(Keys, NoKeyTakesAnothersSignature) {
  const Bytes data = as_bytes("data");
  for (const Type signer : all_types)
    for (const Type verifier : all_types) {
      if (signer == verifier) continue;
      const std::string_view algorithm = key_of(signer).public_key().algorithms().front();
      const std::string_view expected = key_of(verifier).public_key().algorithms().front();
      const auto signature = key_of(signer).sign(algorithm, data).value();
      EXPECT_FALSE(key_of(verifier).public_key().verify(algorithm, data, signature));
      EXPECT_FALSE(key_of(verifier).public_key().verify(expected, data, signature));
      // The same blob under the verifier's name.
      WireReader reader(signature);
      (void)reader.string();
      EXPECT_FALSE(key_of(verifier).public_key().verify(expected, data, strings(expected, reader.string())));
      EXPECT_FALSE(key_of(verifier).sign(algorithm, data));
    }
  const PrivateKey other = PrivateKey::generate(Type::ed25519).value();
  EXPECT_FALSE(
      key_of(Type::ed25519).public_key().verify("ssh-ed25519", data, *other.sign("ssh-ed25519", data)));
}

TEST(Keys, RsaHashesAreNotInterchangeable) {
  const PrivateKey& key = key_of(Type::rsa_3072);
  const auto signature = key.sign("rsa-sha2-256", {}).value();
  EXPECT_TRUE(key.public_key().verify("rsa-sha2-256", {}, signature));
  EXPECT_FALSE(key.public_key().verify("rsa-sha2-512", {}, signature));
}

// UA-10: SHA-1 signatures and DSA do not exist.
TEST(Keys, Sha1AndDssAreRefused) {
  const PrivateKey& key = key_of(Type::rsa_3072);
  EXPECT_FALSE(key.sign("ssh-rsa", {}));
  const auto signature = key.sign("rsa-sha2-256", {}).value();
  WireReader reader(signature);
  (void)reader.string();
  EXPECT_FALSE(key.public_key().verify("ssh-rsa", {}, strings("ssh-rsa", reader.string())));
  EXPECT_EQ(
      code_of(strings("ssh-dss", odd_number(1024), odd_number(160), odd_number(1023), odd_number(1022))),
      Errc::unsupported_key);
}

TEST(Keys, EveryFlippedBitOfASignatureIsNoticed) {
  for (const Type type : {Type::ed25519, Type::ecdsa_p256}) {
    const PublicKey& key = key_of(type).public_key();
    const auto signature = key_of(type).sign(key.type(), {}).value();
    for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
      auto changed = signature;
      changed[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_FALSE(key.verify(key.type(), {}, changed)) << bit;
    }
  }
}

TEST(Keys, TruncatedAndExtendedSignaturesAreRefused) {
  for (const Type type : all_types) {
    const PublicKey& key = key_of(type).public_key();
    const std::string_view algorithm = key.algorithms().front();
    auto signature = key_of(type).sign(algorithm, {}).value();
    for (std::size_t size = 0; size < signature.size(); ++size)
      EXPECT_FALSE(key.verify(algorithm, {}, Bytes(signature).first(size)));
    WireReader reader(signature);
    (void)reader.string();
    const Bytes blob = reader.string();
    for (std::size_t size = 0; size < blob.size(); ++size)
      EXPECT_FALSE(key.verify(algorithm, {}, strings(algorithm, blob.first(size))));
    auto longer = std::vector<std::byte>(blob.begin(), blob.end());
    longer.push_back(std::byte{0});
    EXPECT_FALSE(key.verify(algorithm, {}, strings(algorithm, longer)));
    signature.push_back(std::byte{0});
    EXPECT_FALSE(key.verify(algorithm, {}, signature));
  }
}

TEST(Keys, TruncatedAndExtendedBlobsAreRefused) {
  for (const Type type : all_types) {
    const Bytes blob = key_of(type).public_key().blob();
    for (std::size_t size = 0; size < blob.size(); ++size)
      EXPECT_FALSE(PublicKey::from_blob(blob.first(size)));
    std::vector<std::byte> longer(blob.begin(), blob.end());
    longer.push_back(std::byte{0});
    EXPECT_EQ(code_of(longer), Errc::bad_key);
  }
}

// Nothing may crash, and what is accepted must come back as it was.
TEST(Keys, FlippedBitsInBlobsAreRefusedOrAnotherKey) {
  for (const Type type : {Type::ed25519, Type::ecdsa_p256, Type::ecdsa_p521, Type::rsa_3072}) {
    const Bytes blob = key_of(type).public_key().blob();
    for (std::size_t bit = 0; bit < blob.size() * 8; ++bit) {
      std::vector<std::byte> changed(blob.begin(), blob.end());
      changed[bit / 8] ^= std::byte{1} << (bit % 8);
      const auto key = PublicKey::from_blob(changed);
      if (!key) continue;
      EXPECT_TRUE(equal(key->blob(), changed));
      EXPECT_FALSE(*key == key_of(type).public_key());
    }
  }
}

// UA-10. All of it before any arithmetic, so that refusing is fast whatever was sent.
TEST(Keys, RsaLimitsHold) {
  const auto e = from_hex("010001");
  EXPECT_TRUE(PublicKey::from_blob(rsa_blob(e, odd_number(2048))));
  EXPECT_TRUE(PublicKey::from_blob(rsa_blob(e, odd_number(16384))));
  EXPECT_TRUE(PublicKey::from_blob(rsa_blob(from_hex("03"), odd_number(2048))));
  EXPECT_TRUE(PublicKey::from_blob(rsa_blob(from_hex("00ffffffff"), odd_number(2048))));
  for (const std::size_t bits : {1U, 8U, 512U, 1024U, 2047U, 16385U, 20000U, 100000U})
    EXPECT_EQ(code_of(rsa_blob(e, odd_number(bits))), Errc::bad_key) << bits;
  for (const std::string_view bad :
       {"-", "01", "02", "04", "010000", "0100000000", "0100000001", "0200000001", "01000000000000000001"})
    EXPECT_EQ(code_of(rsa_blob(from_hex(bad), odd_number(2048))), Errc::bad_key) << bad;
  auto even = odd_number(2048);
  even.back() = std::byte{2};
  EXPECT_EQ(code_of(rsa_blob(e, even)), Errc::bad_key);
}

TEST(Keys, HugeKeysAreRefusedFast) {
  const auto huge = rsa_blob(odd_number(120000), odd_number(120000));
  const auto oversized = rsa_blob(from_hex("03"), odd_number(8 * 1024 * 1024));
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 1000; ++i) {
    EXPECT_FALSE(PublicKey::from_blob(huge));
    EXPECT_FALSE(PublicKey::from_blob(oversized));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

// Two encodings of one number would be two keys.
TEST(Keys, IntegersMustBeCanonicalAndPositive) {
  const auto n = odd_number(2048);
  auto padded = n;
  padded.insert(padded.begin(), {std::byte{0}, std::byte{0}});
  const auto e = from_hex("010001");
  EXPECT_EQ(code_of(strings("ssh-rsa", e, padded)), Errc::bad_key);
  EXPECT_EQ(code_of(strings("ssh-rsa", from_hex("00010001"), n)), Errc::bad_key);
  EXPECT_EQ(code_of(strings("ssh-rsa", e, n)), Errc::bad_key);  // its top bit makes it negative
}

TEST(Mpint, ReadsWhatIsCanonicalOnly) {
  const auto read = [](std::string_view field) {
    const auto encoded = strings(from_hex(field));
    WireReader reader(encoded);
    const auto value = read_mpint(reader);
    return value ? to_hex(*value) : "refused";
  };
  EXPECT_EQ(read("-"), "");
  EXPECT_EQ(read("01"), "01");
  EXPECT_EQ(read("7fff"), "7fff");
  EXPECT_EQ(read("0080"), "80");
  for (const std::string_view bad : {"00", "80", "ff", "0001", "007f", "000080"})
    EXPECT_EQ(read(bad), "refused") << bad;
  WireReader empty({});
  EXPECT_FALSE(read_mpint(empty));
}

// RFC 8332 section 3 fixes the size; some clients drop leading zero bytes, as OpenSSH tolerates.
TEST(Keys, RsaSignaturesWithoutLeadingZerosVerify) {
  const PrivateKey& key = key_of(Type::rsa_3072);
  for (int i = 0; i < 5000; ++i) {
    const std::string data = std::to_string(i);
    const auto signature = key.sign("rsa-sha2-256", as_bytes(data)).value();
    WireReader reader(signature);
    (void)reader.string();
    const Bytes blob = reader.string();
    if (blob[0] != std::byte{0}) continue;
    const auto shortened = strings("rsa-sha2-256", blob.subspan(1));
    EXPECT_TRUE(key.public_key().verify("rsa-sha2-256", as_bytes(data), shortened));
    return;
  }
  FAIL() << "no signature began with a zero byte";
}

TEST(Keys, EcdsaKeysMustNameTheirCurveAndLieOnIt) {
  WireReader reader(key_of(Type::ecdsa_p256).public_key().blob());
  (void)reader.string();
  (void)reader.string();
  const Bytes point = reader.string();
  const std::string_view type = "ecdsa-sha2-nistp256";
  EXPECT_TRUE(PublicKey::from_blob(strings(type, "nistp256", point)));
  EXPECT_EQ(code_of(strings(type, "nistp384", point)), Errc::bad_key);
  EXPECT_EQ(code_of(strings(type, "", point)), Errc::bad_key);
  EXPECT_EQ(code_of(strings("ecdsa-sha2-nistp384", "nistp384", point)), Errc::bad_key);
  EXPECT_EQ(code_of(strings("ecdsa-sha2-nistp224", "nistp224", point)), Errc::unsupported_key);
  EXPECT_EQ(code_of(strings(type, "nistp256", from_hex("00"))), Errc::bad_key);
  std::vector<std::byte> changed(point.begin(), point.end());
  changed.back() ^= std::byte{1};
  EXPECT_EQ(code_of(strings(type, "nistp256", changed)), Errc::bad_key);
  changed = {point.begin(), point.begin() + 33};
  changed[0] = std::byte{2};
  EXPECT_EQ(code_of(strings(type, "nistp256", changed)), Errc::bad_key);
}

TEST(Keys, EcdsaSignaturesOfZeroAndOrderAreRefused) {
  const PublicKey& key = key_of(Type::ecdsa_p256).public_key();
  const auto order = from_hex("00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  const auto one = from_hex("01");
  const std::vector<std::byte> zero;
  const std::vector<std::byte> huge(300, std::byte{0x11});
  for (const auto& r : {zero, one, order, huge})
    for (const auto& s : {zero, one, order, huge})
      EXPECT_FALSE(key.verify(key.type(), as_bytes("data"), strings(key.type(), strings(r, s))));
}

TEST(Keys, Ed25519SizesAreExact) {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U})
    EXPECT_EQ(code_of(strings("ssh-ed25519", std::vector<std::byte>(size, std::byte{5}))), Errc::bad_key);
}

std::string pkcs8_of_seed(std::string_view seed) {
  const auto der = from_hex("302e020100300506032b657004220420" + std::string(seed));
  return "-----BEGIN PRIVATE KEY-----\n" + base64(der) + "\n-----END PRIVATE KEY-----\n";
}

// RFC 8032 section 7.1, tests 1 to 3.
TEST(Keys, Ed25519AgreesWithTheRfc) {
  struct Vector {
    std::string_view seed, public_key, message, signature;
  };
  constexpr Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "-",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
       "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
       "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
      {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
       "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
       "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
       "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
  };
  for (const Vector& vector : vectors) {
    const auto key = PrivateKey::from_text(pkcs8_of_seed(vector.seed));
    ASSERT_TRUE(key);
    const auto blob = strings("ssh-ed25519", from_hex(vector.public_key));
    EXPECT_TRUE(equal(key->public_key().blob(), blob));
    const auto message = from_hex(vector.message);
    const auto expected = strings("ssh-ed25519", from_hex(vector.signature));
    EXPECT_EQ(to_hex(key->sign("ssh-ed25519", message).value()), to_hex(expected));
    EXPECT_TRUE(PublicKey::from_blob(blob)->verify("ssh-ed25519", message, expected));
  }
}

TEST(Keys, TextAndFingerprint) {
  const PublicKey& key = key_of(Type::ed25519).public_key();
  const std::string text = key.text();
  EXPECT_TRUE(text.starts_with("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA"));
  EXPECT_EQ(key.fingerprint().size(), 7U + 43U);
  for (const std::string& line : {text, text + " a comment with words", "  \t" + text + "\r\n"}) {
    const auto parsed = PublicKey::from_text(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(*parsed, key);
  }
  const std::string encoded = text.substr(text.find(' ') + 1);
  for (const std::string& line :
       {std::string(), std::string("ssh-ed25519"), encoded, "ssh-rsa " + encoded, "no-pty " + text,
        "ssh-ed25519 " + encoded.substr(1), text.substr(0, text.size() - 1), std::string("ssh-ed25519  ="),
        "ssh-ed25519 " + std::string(100000, 'A')})
    EXPECT_FALSE(PublicKey::from_text(line)) << line.substr(0, 100);
}

TEST(Keys, EmptyKeysAreHarmless) {
  const PublicKey none;
  EXPECT_EQ(none.type(), "");
  EXPECT_TRUE(none.blob().empty());
  EXPECT_TRUE(none.algorithms().empty());
  EXPECT_FALSE(none.verify("ssh-ed25519", {}, {}));
  EXPECT_FALSE(none == key_of(Type::ed25519).public_key());
  const PrivateKey empty;
  EXPECT_FALSE(empty.sign("ssh-ed25519", {}));
  EXPECT_EQ(empty.public_key().type(), "");
  EXPECT_EQ(empty.to_openssh_text(""), "");
}

TEST(Keys, CopiesOutliveTheirOriginal) {
  auto key = std::make_unique<PublicKey>(key_of(Type::ecdsa_p256).public_key());
  const PublicKey copy = *key;
  const Bytes blob = key->blob();
  key.reset();
  EXPECT_TRUE(equal(copy.blob(), blob));
}

}  // namespace
}  // namespace fairlead::ssh
