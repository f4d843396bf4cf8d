// SPDX-License-Identifier: Apache-2.0
// ML-KEM-768, ours or OpenSSL's: Go's and OpenSSL's vectors, refused keys, implicit rejection; and the hybrid
// on it.
#include "crypto/mlkem768.hpp"

#include "crypto/evp.hpp"
#include "crypto/hash.hpp"
#include "crypto/key_exchange.hpp"
#include "crypto/x25519.hpp"
#include "hex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>

namespace fairlead::ssh {
namespace {

using Seed = std::array<std::byte, mlkem768_seed_size>;
using Message = std::array<std::byte, mlkem768_message_size>;

std::vector<std::vector<std::string>> vectors(std::string_view kind) {
  std::ifstream file(FAIRLEAD_TEST_DATA "/crypto/mlkem768_vectors.txt");
  std::vector<std::vector<std::string>> found;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    if (fields.at(0) == kind) found.push_back(fields);
  }
  return found;
}

template <std::size_t size>
std::array<std::byte, size> fixed(Bytes bytes) {
  std::array<std::byte, size> result;
  EXPECT_EQ(bytes.size(), size);
  std::ranges::copy(bytes.first(size), result.begin());
  return result;
}

std::string sha256(Bytes bytes) {
  return to_hex(digest("SHA256", {bytes}));
}

std::vector<std::byte> shake128(Bytes input, std::size_t size) {
  const EvpDigestContext context(EVP_MD_CTX_new());
  std::vector<std::byte> output(size);
  EXPECT_EQ(EVP_DigestInit_ex(context.get(), EVP_shake128(), nullptr), 1);
  EXPECT_EQ(EVP_DigestUpdate(context.get(), input.data(), input.size()), 1);
  EXPECT_EQ(EVP_DigestFinalXOF(context.get(), octets(MutableBytes(output)), size), 1);
  return output;
}

TEST(MlKem768, AgreesWithGoAndOpenSsl) {
  const auto cases = vectors("case");
  ASSERT_EQ(cases.size(), 24U);
  for (const auto& fields : cases) {
    ASSERT_EQ(fields.size(), 8U);
    const auto key = MlKem768Key::from_seed(fixed<mlkem768_seed_size>(from_hex(fields[1]))).value();
    ASSERT_EQ(sha256(key.encapsulation_key()), fields[3]);
    auto made =
        mlkem768_encapsulate(key.encapsulation_key(), fixed<mlkem768_message_size>(from_hex(fields[2])))
            .value();
    EXPECT_EQ(sha256(made.ciphertext), fields[4]);
    EXPECT_EQ(to_hex(made.shared_secret), fields[5]);
    EXPECT_EQ(to_hex(key.decapsulate(made.ciphertext).value()), fields[5]);
    const unsigned long bit = std::stoul(fields[6]);
    made.ciphertext.at(bit / 8) ^= static_cast<std::byte>(1U << bit % 8);
    EXPECT_EQ(to_hex(key.decapsulate(made.ciphertext).value()), fields[7]);
  }
}

// C2SP's way of having many vectors without a file of them. 10,000 have been compared as well.
TEST(MlKem768, AgreesWithAccumulatedVectors) {
  const auto line = vectors("accumulated").at(0);
  const std::size_t count = std::stoul(line.at(1));
  ASSERT_EQ(count, 100U);
  constexpr std::size_t size = mlkem768_seed_size + mlkem768_message_size + mlkem768_ciphertext_size;
  const auto input = shake128({}, count * size);
  std::vector<std::byte> output;
  const auto append = [&](Bytes bytes) { output.insert(output.end(), bytes.begin(), bytes.end()); };
  for (std::size_t i = 0; i < count; ++i) {
    const Bytes random = Bytes(input).subspan(i * size, size);
    const auto key = MlKem768Key::from_seed(random.first<mlkem768_seed_size>()).value();
    append(key.encapsulation_key());
    const auto made = mlkem768_encapsulate(key.encapsulation_key(),
                                           random.subspan<mlkem768_seed_size, mlkem768_message_size>())
                          .value();
    append(made.ciphertext);
    append(made.shared_secret);
    ASSERT_TRUE(constant_time_equal(key.decapsulate(made.ciphertext).value(), made.shared_secret));
    append(key.decapsulate(random.last(mlkem768_ciphertext_size)).value());
  }
  EXPECT_EQ(to_hex(shake128(output, 32)), line.at(2));
}

TEST(MlKem768, RandomKeysAgreeAndDiffer) {
  std::string last;
  for (int i = 0; i < 20; ++i) {
    const auto key = MlKem768Key::generate().value();
    const auto made = mlkem768_encapsulate(key.encapsulation_key()).value();
    const auto again = mlkem768_encapsulate(key.encapsulation_key()).value();
    EXPECT_EQ(to_hex(key.decapsulate(made.ciphertext).value()), to_hex(made.shared_secret));
    EXPECT_NE(to_hex(made.shared_secret), to_hex(again.shared_secret));
    EXPECT_NE(to_hex(key.encapsulation_key()), last);
    last = to_hex(key.encapsulation_key());
  }
}

// FIPS 203 section 7.2: 12 bits can say more than the modulus, and every such coefficient is refused.
TEST(MlKem768, RefusesKeysThatAreNotCanonical) {
  const auto good = [] {
    const auto key = MlKem768Key::from_seed(Seed{}).value();
    return std::vector(key.encapsulation_key().begin(), key.encapsulation_key().end());
  }();
  const auto with_coefficient = [&](std::size_t index, unsigned value) {
    auto key = good;
    std::byte* const pair = key.data() + index / 2 * 3;
    if (index % 2 == 0) {
      pair[0] = static_cast<std::byte>(value & 0xff);
      pair[1] = (pair[1] & std::byte{0xf0}) | static_cast<std::byte>(value >> 8);
    } else {
      pair[1] = (pair[1] & std::byte{0x0f}) | static_cast<std::byte>((value & 15) << 4);
      pair[2] = static_cast<std::byte>(value >> 4);
    }
    return key;
  };
  for (std::size_t index = 0; index < 3UL * 256; ++index)
    for (const unsigned value : {3329U, 3330U, 4095U}) {
      const auto result = mlkem768_encapsulate(with_coefficient(index, value));
      ASSERT_FALSE(result) << index << ' ' << value;
      EXPECT_EQ(result.error().code, Errc::key_exchange_failed);
    }
  for (unsigned value = 3329; value < 4096; ++value)
    EXPECT_FALSE(mlkem768_encapsulate(with_coefficient(value % 768, value))) << value;
  for (const std::size_t index : {0U, 1U, 255U, 256U, 767U})
    for (const unsigned value : {0U, 3328U})
      EXPECT_TRUE(mlkem768_encapsulate(with_coefficient(index, value))) << index << ' ' << value;
}

TEST(MlKem768, RefusesWrongLengths) {
  const auto key = MlKem768Key::generate().value();
  for (const std::size_t size :
       {0UL, 1UL, mlkem768_key_size - 1, mlkem768_key_size + 1, 2 * mlkem768_key_size}) {
    const auto result = mlkem768_encapsulate(std::vector<std::byte>(size));
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, Errc::key_exchange_failed);
  }
  for (const std::size_t size : {0UL, 1UL, mlkem768_ciphertext_size - 1, mlkem768_ciphertext_size + 1}) {
    const auto result = key.decapsulate(std::vector<std::byte>(size));
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().code, Errc::key_exchange_failed);
  }
}

// Whatever was changed, the secret is J(z || ciphertext): SHAKE256 of the seed's second half and what came.
TEST(MlKem768, ChangedCiphertextsGiveTheRejectionSecret) {
  Seed seed{};
  std::ranges::fill(std::span(seed).last(32), std::byte{0x5a});
  const auto key = MlKem768Key::from_seed(seed).value();
  auto made = mlkem768_encapsulate(key.encapsulation_key()).value();
  for (std::size_t at = 0; at < mlkem768_ciphertext_size; at += 17) {
    made.ciphertext[at] ^= std::byte{0x80};
    std::vector<std::byte> input(seed.end() - 32, seed.end());
    input.insert(input.end(), made.ciphertext.begin(), made.ciphertext.end());
    std::array<std::byte, 32> expected;
    const EvpDigestContext context(EVP_MD_CTX_new());
    ASSERT_EQ(EVP_DigestInit_ex(context.get(), EVP_shake256(), nullptr), 1);
    ASSERT_EQ(EVP_DigestUpdate(context.get(), input.data(), input.size()), 1);
    ASSERT_EQ(EVP_DigestFinalXOF(context.get(), octets(MutableBytes(expected)), expected.size()), 1);
    EXPECT_EQ(to_hex(key.decapsulate(made.ciphertext).value()), to_hex(expected)) << at;
    made.ciphertext[at] ^= std::byte{0x80};
  }
  EXPECT_EQ(to_hex(key.decapsulate(made.ciphertext).value()), to_hex(made.shared_secret));
}

// The client written down from the draft: C_INIT = ek || x25519, S_REPLY = ct || x25519, K = SHA256(K_PQ ||
// K_CL) as a string.
TEST(KexMlKem768X25519, IsWhatTheDraftSays) {
  const auto post_quantum = MlKem768Key::generate().value();
  const auto classical = X25519Key::generate().value();
  std::vector<std::byte> init(post_quantum.encapsulation_key().begin(),
                              post_quantum.encapsulation_key().end());
  init.insert(init.end(), classical.public_value().begin(), classical.public_value().end());
  const auto kex = make_key_exchange("mlkem768x25519-sha256");
  EXPECT_STREQ(kex->hash_name(), "SHA256");
  EXPECT_FALSE(kex->public_values_are_mpints());
  const auto share = kex->server_reply(init).value();
  ASSERT_EQ(share.reply.size(), 1120U);
  const auto first = post_quantum.decapsulate(Bytes(share.reply).first(1088)).value();
  const auto second = classical.agree(Bytes(share.reply).subspan(1088)).value();
  EXPECT_EQ(to_hex(share.shared_secret), "00000020" + to_hex(digest("SHA256", {first, second})));
}

TEST(KexMlKem768X25519, IsWhatIsOfferedFirst) {
  EXPECT_EQ(key_exchange_names().front(), "mlkem768x25519-sha256");
}

TEST(KexMlKem768X25519, RefusesWrongLengthsInBothRoles) {
  const auto refused = [](const auto& result) {
    return !result && result.error().code == Errc::key_exchange_failed;
  };
  const auto client = make_key_exchange("mlkem768x25519-sha256");
  const auto server = make_key_exchange("mlkem768x25519-sha256");
  auto init = client->client_init().value();
  ASSERT_EQ(init.size(), 1216U);
  auto reply = server->server_reply(init).value().reply;
  for (const std::size_t size : {0U, 1U, 32U, 1184U, 1215U})
    EXPECT_TRUE(refused(server->server_reply(Bytes(init).first(size)))) << size;
  for (const std::size_t size : {0U, 1U, 32U, 1088U, 1119U})
    EXPECT_TRUE(refused(client->client_finish(Bytes(reply).first(size)))) << size;
  EXPECT_TRUE(refused(server->server_reply(reply)));
  EXPECT_TRUE(refused(client->client_finish(init)));
  init.push_back(std::byte{0});
  reply.push_back(std::byte{0});
  EXPECT_TRUE(refused(server->server_reply(init)));
  EXPECT_TRUE(refused(client->client_finish(reply)));
}

// Neither half may be left to the other: a point of low order and a key past the modulus are each refused.
TEST(KexMlKem768X25519, RefusesEitherHalf) {
  const auto client = make_key_exchange("mlkem768x25519-sha256");
  const auto server = make_key_exchange("mlkem768x25519-sha256");
  const auto init = client->client_init().value();
  const auto reply = server->server_reply(init).value().reply;

  auto low_order = init;
  std::ranges::fill(std::span(low_order).last(32), std::byte{0});
  ASSERT_FALSE(server->server_reply(low_order));
  EXPECT_EQ(server->server_reply(low_order).error().code, Errc::key_exchange_failed);
  low_order = reply;
  std::ranges::fill(std::span(low_order).last(32), std::byte{0});
  ASSERT_FALSE(client->client_finish(low_order));
  EXPECT_EQ(client->client_finish(low_order).error().code, Errc::key_exchange_failed);

  auto past_modulus = init;
  std::ranges::fill(std::span(past_modulus).first(3), std::byte{0xff});
  ASSERT_FALSE(server->server_reply(past_modulus));
  EXPECT_EQ(server->server_reply(past_modulus).error().code, Errc::key_exchange_failed);
}

// Implicit rejection: the client goes on with a secret of its own, and the handshake ends at the signature.
TEST(KexMlKem768X25519, ChangedCiphertextsGiveAnotherSecret) {
  const auto client = make_key_exchange("mlkem768x25519-sha256");
  auto share =
      make_key_exchange("mlkem768x25519-sha256")->server_reply(client->client_init().value()).value();
  EXPECT_TRUE(constant_time_equal(client->client_finish(share.reply).value(), share.shared_secret));
  share.reply[100] ^= std::byte{1};
  EXPECT_FALSE(constant_time_equal(client->client_finish(share.reply).value(), share.shared_secret));
}

}  // namespace
}  // namespace fairlead::ssh
