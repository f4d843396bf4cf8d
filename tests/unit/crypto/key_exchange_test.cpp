// SPDX-License-Identifier: Apache-2.0
// Key exchanges: both roles agree, RFC 7748's vectors hold, and no bad public value is accepted in either
// role.
#include "crypto/key_exchange.hpp"

#include "base/wire.hpp"
#include "crypto/secret_writer.hpp"
#include "crypto/x25519.hpp"
#include "hex.hpp"
#include "kex_refusal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace fairlead::ssh {
namespace {

std::array<std::byte, x25519_size> secret_from_hex(std::string_view text) {
  std::array<std::byte, x25519_size> secret;
  std::ranges::copy(from_hex(text), secret.begin());
  return secret;
}

TEST(KeyExchange, BothRolesAgreeAndSecretsDiffer) {
  for (const std::string_view name : key_exchange_names()) {
    std::string last;
    for (int i = 0; i < 20; ++i) {
      const auto client = make_key_exchange(name);
      const auto server = make_key_exchange(name);
      ASSERT_TRUE(client && server) << name;
      const auto init = client->client_init();
      ASSERT_TRUE(init) << name;
      const auto share = server->server_reply(*init);
      ASSERT_TRUE(share) << name;
      const auto secret = client->client_finish(share->reply);
      ASSERT_TRUE(secret) << name;
      EXPECT_TRUE(constant_time_equal(*secret, share->shared_secret)) << name;
      WireReader encoded(*secret);
      EXPECT_GT(encoded.string().size(), 24U);
      EXPECT_TRUE(encoded.done());
      EXPECT_NE(to_hex(*secret), last);
      last = to_hex(*secret);
    }
  }
}

// About half of all secrets have their top bit set and need the sign byte; without it 1 of 2 handshakes would
// fail.
TEST(KeyExchange, SecretsAreNonNegativeMpints) {
  for (const std::string_view name : {"curve25519-sha256", "ecdh-sha2-nistp256"}) {
    bool sign_byte_seen = false;
    for (int i = 0; i < 64; ++i) {
      const auto client = make_key_exchange(name);
      const auto share = make_key_exchange(name)->server_reply(*client->client_init());
      WireReader reader(share->shared_secret);
      const Bytes number = reader.string();
      ASSERT_EQ(number[0] & std::byte{0x80}, std::byte{0});
      if (number[0] == std::byte{0}) {
        ASSERT_NE(number[1] & std::byte{0x80}, std::byte{0});
        sign_byte_seen = true;
      }
    }
    EXPECT_TRUE(sign_byte_seen);
  }
}

TEST(KeyExchange, HashesFollowTheNames) {
  EXPECT_STREQ(make_key_exchange("curve25519-sha256")->hash_name(), "SHA256");
  EXPECT_STREQ(make_key_exchange("curve25519-sha256@libssh.org")->hash_name(), "SHA256");
  EXPECT_STREQ(make_key_exchange("ecdh-sha2-nistp256")->hash_name(), "SHA256");
  EXPECT_STREQ(make_key_exchange("ecdh-sha2-nistp384")->hash_name(), "SHA384");
  EXPECT_STREQ(make_key_exchange("ecdh-sha2-nistp521")->hash_name(), "SHA512");
  EXPECT_STREQ(make_key_exchange("diffie-hellman-group14-sha256")->hash_name(), "SHA256");
  EXPECT_STREQ(make_key_exchange("diffie-hellman-group16-sha512")->hash_name(), "SHA512");
  EXPECT_STREQ(make_key_exchange("diffie-hellman-group18-sha512")->hash_name(), "SHA512");
}

TEST(KeyExchange, UnknownNamesHaveNone) {
  EXPECT_EQ(make_key_exchange(""), nullptr);
  for (const std::string_view old :
       {"diffie-hellman-group1-sha1", "diffie-hellman-group14-sha1", "diffie-hellman-group-exchange-sha256"})
    EXPECT_EQ(make_key_exchange(old), nullptr) << old;
  EXPECT_EQ(make_key_exchange("curve25519-sha25"), nullptr);
}

TEST(KeyExchange, FinishingBeforeStartingFails) {
  for (const std::string_view name : key_exchange_names())
    EXPECT_FALSE(make_key_exchange(name)->client_finish(from_hex("00"))) << name;
}

TEST(SecretWriter, EncodesLikeWireWriter) {
  for (const std::string_view text :
       {"-", "00", "0000", "01", "7f", "80", "0080", "00007f", "ff00", "00000000ff01"}) {
    const auto magnitude = from_hex(text);
    ByteBuffer plain;
    WireWriter(plain).u32(7).string(magnitude).string("text").raw(magnitude).mpint(magnitude);
    const SecretBytes secret =
        SecretWriter().u32(7).string(magnitude).string("text").raw(magnitude).mpint(magnitude).take();
    EXPECT_EQ(to_hex(secret), to_hex(plain.readable())) << text;
  }
}

// RFC 7748 sections 5.2 and 6.1.
TEST(X25519, AgreesWithTheRfc) {
  const auto alice = X25519Key::from_secret(
      secret_from_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
  const auto bob = X25519Key::from_secret(
      secret_from_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
  ASSERT_TRUE(alice && bob);
  EXPECT_EQ(to_hex(alice->public_value()),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(bob->public_value()), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(alice->agree(bob->public_value()).value()), shared);
  EXPECT_EQ(to_hex(bob->agree(alice->public_value()).value()), shared);

  const auto other = X25519Key::from_secret(
      secret_from_hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"));
  const auto point = from_hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
  EXPECT_EQ(to_hex(other->agree(point).value()),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

// Every u of order 1, 2, 4 and 8 on the curve and its twist, in all encodings: KX-10.
TEST(KeyExchange, X25519RefusesPointsOfLowOrder) {
  for (const std::string_view point : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
           "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
           "0000000000000000000000000000000000000000000000000000000000000080",
           "0100000000000000000000000000000000000000000000000000000000000080",
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
       })
    EXPECT_TRUE(refused_by_both("curve25519-sha256", from_hex(point))) << point;
}

TEST(KeyExchange, X25519RefusesWrongSizes) {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U, 1000U})
    EXPECT_TRUE(refused_by_both("curve25519-sha256", std::vector<std::byte>(size, std::byte{9}))) << size;
}

// KX-11: in every form but a valid uncompressed point of the right curve.
TEST(KeyExchange, EcdhRefusesBadPoints) {
  for (const std::string_view name : {"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"}) {
    const auto good = *make_key_exchange(name)->client_init();
    const std::size_t field = (good.size() - 1) / 2;
    ASSERT_TRUE(make_key_exchange(name)->server_reply(good));

    const auto with_form = [&](unsigned form, std::size_t size) {
      auto point = std::vector(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
      point[0] = static_cast<std::byte>(form);
      return point;
    };
    EXPECT_TRUE(refused_by_both(name, {}));
    EXPECT_TRUE(refused_by_both(name, from_hex("00")));  // infinity
    EXPECT_TRUE(refused_by_both(name, from_hex("04")));
    EXPECT_TRUE(refused_by_both(name, with_form(2, 1 + field)));  // compressed
    EXPECT_TRUE(refused_by_both(name, with_form(3, 1 + field)));
    EXPECT_TRUE(refused_by_both(name, with_form(6, good.size())));  // hybrid
    EXPECT_TRUE(refused_by_both(name, with_form(7, good.size())));
    EXPECT_TRUE(refused_by_both(name, with_form(0, good.size())));
    EXPECT_TRUE(refused_by_both(name, with_form(5, good.size())));

    auto off_curve = good;
    off_curve.back() ^= std::byte{1};
    EXPECT_TRUE(refused_by_both(name, off_curve));
    std::vector<std::byte> zero(good.size());
    zero[0] = std::byte{4};
    EXPECT_TRUE(refused_by_both(name, zero));
    std::vector<std::byte> huge(good.size(), std::byte{0xff});  // coordinates past the field
    huge[0] = std::byte{4};
    EXPECT_TRUE(refused_by_both(name, huge));

    auto longer = good;
    longer.push_back(std::byte{0});
    EXPECT_TRUE(refused_by_both(name, longer));
    for (std::size_t size = 0; size < good.size(); ++size)
      EXPECT_TRUE(refused_by_both(name, Bytes(good).first(size))) << size;
    for (const std::string_view other : {"ecdh-sha2-nistp256", "ecdh-sha2-nistp384", "ecdh-sha2-nistp521"}) {
      if (other == name) continue;
      EXPECT_TRUE(refused_by_both(name, *make_key_exchange(other)->client_init()));
    }
  }
}

}  // namespace
}  // namespace fairlead::ssh
