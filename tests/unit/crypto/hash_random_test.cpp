// SPDX-License-Identifier: Apache-2.0
// Digests, base64 and random bytes.
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "hex.hpp"

#include <gtest/gtest.h>

#include <set>

namespace fairlead::ssh {
namespace {

TEST(Hash, DigestsTheConcatenationOfItsParts) {
  // FIPS 180-4's examples.
  EXPECT_EQ(to_hex(digest("SHA256", {as_bytes("abc")})),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("SHA256", {as_bytes("a"), {}, as_bytes("bc")}), digest("SHA256", {as_bytes("abc")}));
  EXPECT_EQ(to_hex(digest("SHA512", {as_bytes("abc")})).substr(0, 32), "ddaf35a193617abacc417349ae204131");
  EXPECT_EQ(digest("SHA384", {}).size(), 48U);
}

TEST(HashDeathTest, AnUnknownDigestIsABug) {
  EXPECT_DEATH((void)digest("SHA0", {}), "");
}

// RFC 4231 section 4.3; RFC 2202 section 3 for SHA-1.
TEST(Hmac, AgreesWithTheRfcs) {
  const Bytes key = as_bytes("Jefe"), data = as_bytes("what do ya want for nothing?");
  EXPECT_EQ(to_hex(hmac("SHA1", key, data)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(to_hex(hmac("SHA256", key, data)),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac("SHA512", key, data)).substr(0, 32), "164b7a7bfcf819e2e395fbe73b56e0a3");
}

// RFC 4648 section 10.
TEST(Base64, AgreesWithTheRfc) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [plain, encoded] : cases) {
    EXPECT_EQ(base64(as_bytes(plain)), encoded);
    const auto decoded = from_base64(encoded);
    ASSERT_TRUE(decoded) << encoded;
    EXPECT_EQ(as_text(*decoded), plain);
  }
}

TEST(Base64, EveryByteAndSizeComesBack) {
  std::vector<std::byte> bytes;
  for (unsigned i = 0; i < 600; ++i) {
    const auto decoded = from_base64(base64(bytes));
    ASSERT_TRUE(decoded);
    ASSERT_EQ(*decoded, bytes);
    bytes.push_back(static_cast<std::byte>(i * 37));
  }
}

TEST(Base64, OnlyTheCanonicalFormIsAccepted) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Z===", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_",
        "Zg==\n", " Zg==", "=Zg=", "Z=g=", "Zm9v====", "\xff\xff\xff\xff"})
    EXPECT_FALSE(from_base64(text)) << text;
  EXPECT_FALSE(from_base64(std::string_view("Zm9\0", 4)));
}

TEST(Random, HexadecimalNamesAreTwoDigitsAByteAndDifferent) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const auto name = random_hex(8);
    EXPECT_EQ(name.size(), 16U);
    EXPECT_EQ(name.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(seen.insert(name).second);
  }
  EXPECT_EQ(random_hex(0), "");
  EXPECT_EQ(to_hex(std::vector{std::byte{0x0f}, std::byte{0xf0}, std::byte{0xa9}}), "0ff0a9");
}

TEST(Random, FillsAnySizeWithDifferentBytes) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    std::vector<std::byte> bytes(16);
    system_random().fill(bytes);
    EXPECT_TRUE(seen.insert(to_hex(bytes)).second);
  }
  system_random().fill({});
  std::vector<std::byte> large(100000);
  system_random().fill(large);
  EXPECT_GT(std::set<std::byte>(large.end() - 5000, large.end()).size(), 200U);  // the end is filled too
}

}  // namespace
}  // namespace fairlead::ssh
