// SPDX-License-Identifier: Apache-2.0
// Finite-field key exchanges: OpenSSL's own DH agrees with ours, and no value outside 1 < y < p-1 is
// accepted in either role.
#include "base/wire.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/mpint.hpp"
#include "hex.hpp"
#include "kex_refusal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace fairlead::ssh {
namespace {

struct DhTestGroup {
  std::string_view name;
  const char* openssl_name;
  BIGNUM* (*prime)(BIGNUM*);
  std::size_t size;
};
constexpr std::array dh_groups{
    DhTestGroup{"diffie-hellman-group14-sha256", "modp_2048", &BN_get_rfc3526_prime_2048, 256},
    DhTestGroup{"diffie-hellman-group16-sha512", "modp_4096", &BN_get_rfc3526_prime_4096, 512},
    DhTestGroup{"diffie-hellman-group18-sha512", "modp_8192", &BN_get_rfc3526_prime_8192, 1024},
};

std::vector<std::byte> bytes_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// The group's prime, less `offset`.
std::vector<std::byte> prime_less(const DhTestGroup& group, unsigned offset) {
  const Bignum prime(group.prime(nullptr));
  EXPECT_EQ(BN_sub_word(prime.get(), offset), 1);
  return bytes_of(to_magnitude(prime.get()));
}

// A key of OpenSSL's implementation, which knows these groups by itself.
EvpKey openssl_key(const DhTestGroup& group) {
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, "DH", nullptr));
  std::string name = group.openssl_name;
  const std::array parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  EXPECT_EQ(EVP_PKEY_keygen_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_CTX_set_params(context.get(), parameters.data()), 1);
  EXPECT_EQ(EVP_PKEY_generate(context.get(), &key), 1);
  return EvpKey(key);
}

std::vector<std::byte> public_value(const EvpKey& key) {
  return bytes_of(to_magnitude(key_number(key.get(), OSSL_PKEY_PARAM_PUB_KEY).get()));
}

// OpenSSL's K for our value, encoded as it enters the exchange hash. Its derivation also checks that the
// value is in the group's large subgroup.
std::string openssl_secret(const DhTestGroup& group, EVP_PKEY* key, Bytes our_value) {
  const EvpKey ours(EVP_PKEY_new());
  EXPECT_EQ(EVP_PKEY_copy_parameters(ours.get(), key), 1);
  std::vector<std::byte> padded(group.size - our_value.size());
  padded.insert(padded.end(), our_value.begin(), our_value.end());
  EXPECT_EQ(EVP_PKEY_set1_encoded_public_key(ours.get(), octets(Bytes(padded)), padded.size()), 1);
  const EvpKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
  std::vector<std::byte> secret(group.size);
  std::size_t size = secret.size();
  EXPECT_EQ(EVP_PKEY_derive_init(context.get()), 1);
  EXPECT_EQ(EVP_PKEY_derive_set_peer(context.get(), ours.get()), 1);
  EXPECT_EQ(EVP_PKEY_derive(context.get(), octets(MutableBytes(secret)), &size), 1);
  secret.resize(size);
  ByteBuffer encoded;
  WireWriter(encoded).mpint(secret);
  return to_hex(encoded.readable());
}

class KexDh : public testing::TestWithParam<DhTestGroup> {};

INSTANTIATE_TEST_SUITE_P(Groups, KexDh, testing::ValuesIn(dh_groups),
                         [](const auto& group) { return std::string(group.param.openssl_name); });

TEST_P(KexDh, OpenSslsDhAgreesWithTheServer) {
  const EvpKey theirs = openssl_key(GetParam());
  const auto their_value = public_value(theirs);
  const auto share = make_key_exchange(GetParam().name)->server_reply(their_value);
  ASSERT_TRUE(share);
  EXPECT_EQ(to_hex(bytes_of(share->shared_secret)), openssl_secret(GetParam(), theirs.get(), share->reply));
}

TEST_P(KexDh, OpenSslsDhAgreesWithTheClient) {
  const EvpKey theirs = openssl_key(GetParam());
  const auto client = make_key_exchange(GetParam().name);
  const auto init = client->client_init();
  ASSERT_TRUE(init);
  const auto secret = client->client_finish(public_value(theirs));
  ASSERT_TRUE(secret);
  EXPECT_EQ(to_hex(bytes_of(*secret)), openssl_secret(GetParam(), theirs.get(), *init));
}

TEST_P(KexDh, PublicValuesAreMpintsOfTheGroupsSize) {
  const auto client = make_key_exchange(GetParam().name);
  EXPECT_TRUE(client->public_values_are_mpints());
  const auto init = *client->client_init();
  EXPECT_LE(init.size(), GetParam().size);
  EXPECT_GT(init.size(), GetParam().size - 8);
  EXPECT_NE(to_hex(init), to_hex(*client->client_init()));
}

// With 2 for a peer K is g^x, the client's own value: K is computed as the RFC says.
TEST_P(KexDh, TheGeneratorIsTwo) {
  const auto client = make_key_exchange(GetParam().name);
  const auto init = *client->client_init();
  ByteBuffer encoded;
  WireWriter(encoded).mpint(init);
  const auto secret = client->client_finish(from_hex("02"));
  ASSERT_TRUE(secret);
  EXPECT_EQ(to_hex(bytes_of(*secret)), to_hex(encoded.readable()));
}

// RFC 8268 section 4: 1 < y < p-1. KX-12.
TEST_P(KexDh, ValuesOutsideTheGroupAreRefused) {
  const DhTestGroup& group = GetParam();
  const std::array outside{
      std::vector<std::byte>{},  // 0
      from_hex("01"),
      prime_less(group, 1),
      prime_less(group, 0),
      std::vector<std::byte>(group.size, std::byte{0xff}),
      std::vector<std::byte>(group.size + 1, std::byte{0x7f}),
      std::vector<std::byte>(200'000, std::byte{0x7f}),
  };
  for (const auto& value : outside) EXPECT_TRUE(refused_by_both(group.name, value)) << value.size();
}

TEST_P(KexDh, TheSmallestAndTheLargestValueAreTaken) {
  EXPECT_TRUE(make_key_exchange(GetParam().name)->server_reply(prime_less(GetParam(), 2)));
  EXPECT_TRUE(make_key_exchange(GetParam().name)->server_reply(from_hex("02")));
}

TEST(KexDhNames, ServersDoNotOfferItUnasked) {
  const auto served = served_key_exchange_names();
  EXPECT_FALSE(served.empty());
  for (const std::string_view name : served) EXPECT_FALSE(name.starts_with("diffie-hellman")) << name;
  for (const DhTestGroup& group : dh_groups)
    EXPECT_NE(std::ranges::find(key_exchange_names(), group.name), key_exchange_names().end()) << group.name;
}

}  // namespace
}  // namespace fairlead::ssh
