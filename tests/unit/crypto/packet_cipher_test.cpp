// SPDX-License-Identifier: Apache-2.0
// Packet protection: against vectors of another implementation, against itself at all sizes, and against
// tampering.
#include "crypto/packet_cipher.hpp"

#include "base/wire.hpp"
#include "crypto/packet_constructions.hpp"
#include "crypto/random.hpp"
#include "hex.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <functional>
#include <sstream>

namespace fairlead::ssh {
namespace {

using CipherPtr = std::unique_ptr<PacketCipher>;

std::vector<std::byte> counted(std::size_t size, unsigned first = 1) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(first + i * 7);
  return bytes;
}

// One way to protect packets, named for test output.
struct Construction {
  std::string name;
  std::function<Result<CipherPtr>(Direction)> make;

  CipherPtr sealer() const { return make(Direction::seal).value(); }
  CipherPtr opener() const { return make(Direction::open).value(); }
};

Construction negotiated(std::string_view cipher, std::string_view mac) {
  const CipherInfo* const info = find_cipher(cipher);
  const MacInfo* const mac_info = find_mac(mac);
  const auto key = counted(info->key_size);
  const auto iv = counted(info->iv_size, 100);
  const auto mac_key = counted(mac_info != nullptr ? mac_info->key_size : 0, 200);
  return {std::string(cipher) + " " + std::string(mac), [=](Direction direction) {
            return make_packet_cipher(cipher, mac, direction, {key, iv, mac_key});
          }};
}

using GcmMaker = Result<CipherPtr> (*)(Direction, const CipherKeys&);
Construction gcm(std::string name, GcmMaker maker, std::size_t key_size) {
  return {std::move(name),
          [=](Direction direction) { return maker(direction, {counted(key_size), counted(12, 100), {}}); }};
}

std::vector<Construction> all_constructions() {
  std::vector<Construction> list;
  for (const CipherInfo& cipher : cipher_infos()) {
    if (cipher.aead)
      list.push_back(negotiated(cipher.name, ""));
    else
      for (const MacInfo& mac : mac_infos()) list.push_back(negotiated(cipher.name, mac.name));
  }
  for (const std::size_t key_size : {16U, 32U}) {
    list.push_back(gcm("EVP AES-GCM", &make_aes_gcm, key_size));
    if (ipsec_mb_is_available()) list.push_back(gcm("ipsec-mb AES-GCM", &make_aes_gcm_ipsec_mb, key_size));
  }
  return list;
}

// A packet as the protocol floor makes it, with room for the tag.
std::vector<std::byte> plain_packet(const PacketCipher& cipher, std::size_t payload_size) {
  const std::size_t unaligned = 1 + payload_size + (cipher.length_is_apart() ? 0 : packet_length_size);
  std::size_t padding = cipher.block_size() - unaligned % cipher.block_size();
  if (padding < 4) padding += cipher.block_size();
  std::vector<std::byte> packet =
      counted(packet_length_size + 1 + payload_size + padding + cipher.tag_size());
  store_u32(packet.data(), static_cast<std::uint32_t>(1 + payload_size + padding));
  packet[4] = static_cast<std::byte>(padding);
  return packet;
}

bool opens(PacketCipher& cipher, std::uint32_t sequence, MutableBytes packet) {
  (void)cipher.decode_length(sequence, packet.first(cipher.head_size()));
  return cipher.open(sequence, packet).has_value();
}

Bytes without_tag(const PacketCipher& cipher, Bytes packet) {
  return packet.first(packet.size() - cipher.tag_size());
}

class EveryConstruction : public testing::TestWithParam<Construction> {};
INSTANTIATE_TEST_SUITE_P(PacketCipher, EveryConstruction, testing::ValuesIn(all_constructions()),
                         [](const auto& suite_info) {
                           std::string name = std::to_string(suite_info.index) + "_" + suite_info.param.name;
                           std::ranges::replace_if(name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST_P(EveryConstruction, OpensWhatItSealedAtEverySize) {
  const CipherPtr sealer = GetParam().sealer();
  const CipherPtr opener = GetParam().opener();
  std::uint32_t sequence = 0xffffff00;  // wraps on the way
  std::vector<std::size_t> sizes{32768, 35000, 200000};
  for (std::size_t size = 1; size <= 300; ++size) sizes.push_back(size);
  for (const std::size_t size : sizes) {
    const auto plain = plain_packet(*sealer, size);
    auto packet = plain;
    sealer->seal(sequence, packet);
    ASSERT_FALSE(equal(Bytes(packet).subspan(packet_length_size), Bytes(plain).subspan(packet_length_size)));
    ASSERT_EQ(opener->decode_length(sequence, MutableBytes(packet).first(opener->head_size())),
              packet.size() - packet_length_size - opener->tag_size())
        << size;
    ASSERT_TRUE(opener->open(sequence, packet)) << size;
    ASSERT_TRUE(equal(without_tag(*opener, packet), without_tag(*opener, plain))) << size;
    ++sequence;
  }
}

TEST_P(EveryConstruction, EveryFlippedBitIsNoticed) {
  const CipherPtr sealer = GetParam().sealer();
  const auto plain = plain_packet(*sealer, 21);
  auto sealed = plain;
  sealer->seal(7, sealed);
  auto intact = sealed;
  ASSERT_TRUE(opens(*GetParam().opener(), 7, intact));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto packet = sealed;
    packet[bit / 8] ^= std::byte{1} << (bit % 8);
    ASSERT_FALSE(opens(*GetParam().opener(), 7, packet)) << "bit " << bit;
  }
}

TEST_P(EveryConstruction, APacketOutOfTurnIsNoticed) {
  const CipherPtr sealer = GetParam().sealer();
  auto first = plain_packet(*sealer, 30);
  auto second = first;
  sealer->seal(0, first);
  sealer->seal(1, second);
  EXPECT_FALSE(equal(first, second));
  EXPECT_FALSE(opens(*GetParam().opener(), 0, second));
}

TEST_P(EveryConstruction, ShortPacketsAreRefused) {
  const std::size_t smallest = GetParam().opener()->head_size() + GetParam().opener()->tag_size();
  for (std::size_t size = 0; size < smallest; ++size) {
    std::vector<std::byte> packet(size);
    EXPECT_FALSE(GetParam().opener()->open(0, packet)) << size;
  }
}

TEST_P(EveryConstruction, SaysWhatTheProtocolMustKnow) {
  const CipherPtr cipher = GetParam().sealer();
  EXPECT_GE(cipher->block_size(), 8U);
  EXPECT_EQ(cipher->is_length_oracle(), !cipher->length_is_apart());
  EXPECT_EQ(cipher->head_size(), cipher->length_is_apart() ? 4 : cipher->block_size());
}

TEST(PacketCipher, SealsLikeAnotherImplementation) {
  std::ifstream file(FAIRLEAD_TEST_DATA "/crypto/packet_vectors.txt");
  ASSERT_TRUE(file.is_open());
  CipherPtr sealer;
  CipherPtr opener;
  std::uint32_t sequence = 0;
  std::size_t packets = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    for (std::string word; words >> word;) fields.push_back(word);
    if (fields.size() == 6) {
      const std::string mac = fields[1] == "-" ? "" : fields[1];
      const auto key = from_hex(fields[2]);
      const auto iv = from_hex(fields[3]);
      const auto mac_key = from_hex(fields[4]);
      sealer = make_packet_cipher(fields[0], mac, Direction::seal, {key, iv, mac_key}).value();
      opener = make_packet_cipher(fields[0], mac, Direction::open, {key, iv, mac_key}).value();
      sequence = static_cast<std::uint32_t>(std::stoul(fields[5]));
      continue;
    }
    ASSERT_EQ(fields.size(), 2U);
    const auto plain = from_hex(fields[0]);
    auto packet = plain;
    packet.resize(plain.size() + sealer->tag_size());
    sealer->seal(sequence, packet);
    EXPECT_EQ(to_hex(packet), fields[1]);
    EXPECT_TRUE(opens(*opener, sequence, packet));
    EXPECT_EQ(to_hex(without_tag(*opener, packet)), fields[0]);
    ++sequence;
    ++packets;
  }
  EXPECT_EQ(packets, 28U);
}

TEST(PacketCipher, BothGcmBackendsMakeTheSameBytes) {
  if (!ipsec_mb_is_available()) GTEST_SKIP() << "no ipsec-mb here";
  for (const std::size_t key_size : {16U, 32U}) {
    const Construction evp = gcm("EVP", &make_aes_gcm, key_size);
    const Construction mb = gcm("ipsec-mb", &make_aes_gcm_ipsec_mb, key_size);
    const CipherPtr evp_sealer = evp.sealer();
    const CipherPtr mb_sealer = mb.sealer();
    const CipherPtr evp_opener = evp.opener();
    const CipherPtr mb_opener = mb.opener();
    for (const std::size_t extra : {0U, 32000U})
      for (std::size_t size = 1; size <= 300; ++size) {
        auto by_evp = plain_packet(*evp_sealer, size + extra);
        auto by_mb = by_evp;
        evp_sealer->seal(0, by_evp);
        mb_sealer->seal(0, by_mb);
        ASSERT_TRUE(equal(by_evp, by_mb)) << key_size << " " << size + extra;
        ASSERT_TRUE(opens(*evp_opener, 0, by_mb));
        ASSERT_TRUE(opens(*mb_opener, 0, by_evp));
      }
  }
}

// RFC 5647 section 7.1: the counter is 64 bits and wraps without touching the fixed field.
TEST(PacketCipher, GcmCounterWrapsWithinItsField) {
  const auto key = counted(16);
  const auto last = from_hex("0102030400ffffffffffffff");
  const auto next = from_hex("010203040100000000000000");
  for (const GcmMaker maker : {&make_aes_gcm, &make_aes_gcm_ipsec_mb}) {
    if (maker == &make_aes_gcm_ipsec_mb && !ipsec_mb_is_available()) continue;
    const CipherPtr counting = maker(Direction::seal, {key, last, {}}).value();
    const CipherPtr fresh = maker(Direction::seal, {key, next, {}}).value();
    auto packet = plain_packet(*counting, 50);
    counting->seal(0, packet);
    auto from_counting = plain_packet(*counting, 50);
    auto from_fresh = from_counting;
    counting->seal(0, from_counting);
    fresh->seal(0, from_fresh);
    EXPECT_TRUE(equal(from_counting, from_fresh));
  }
}

TEST(PacketCipher, AuthenticatedCiphersShowNoPlaintextOfAForgery) {
  for (const std::string_view name : {"aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com"}) {
    const Construction construction = negotiated(name, "");
    const CipherPtr sealer = construction.sealer();
    const auto plain = plain_packet(*sealer, 64);
    auto packet = plain;
    sealer->seal(0, packet);
    packet.back() ^= std::byte{1};
    ASSERT_FALSE(opens(*construction.opener(), 0, packet));
    EXPECT_EQ(as_text(packet).find(as_text(Bytes(plain).subspan(8, 16))), std::string_view::npos);
  }
}

TEST(PacketCipher, UnknownNamesAndWrongSizesAreErrors) {
  const auto bytes = counted(64);
  const auto make = [&](std::string_view cipher, std::string_view mac, std::size_t key, std::size_t iv,
                        std::size_t mac_key) {
    const Bytes all(bytes);
    return make_packet_cipher(cipher, mac, Direction::seal,
                              {all.first(key), all.first(iv), all.first(mac_key)})
        .has_value();
  };
  EXPECT_TRUE(make("aes128-ctr", "hmac-sha2-256", 16, 16, 32));
  EXPECT_FALSE(make("aes128-ctr", "hmac-sha2-256", 15, 16, 32));
  EXPECT_FALSE(make("aes128-ctr", "hmac-sha2-256", 16, 15, 32));
  EXPECT_FALSE(make("aes128-ctr", "hmac-sha2-256", 16, 16, 31));
  EXPECT_FALSE(make("aes128-ctr", "hmac-sha1", 16, 16, 20));
  EXPECT_FALSE(make("aes128-ctr", "", 16, 16, 0));
  EXPECT_FALSE(make("aes128-cbc", "hmac-sha2-256", 16, 16, 32));
  EXPECT_FALSE(make("3des-cbc", "hmac-sha2-256", 24, 8, 32));
  EXPECT_FALSE(make("", "", 0, 0, 0));
  EXPECT_FALSE(make("aes256-gcm@openssh.com", "", 16, 12, 0));
  EXPECT_FALSE(make("chacha20-poly1305@openssh.com", "", 32, 0, 0));
}

TEST(PacketCipher, NothingWeakIsOffered) {
  for (const CipherInfo& info : cipher_infos()) EXPECT_EQ(info.name.find("cbc"), std::string_view::npos);
  for (const MacInfo& info : mac_infos()) EXPECT_NE(info.name.find("sha2"), std::string_view::npos);
  EXPECT_EQ(find_cipher("aes128-cbc"), nullptr);
  EXPECT_EQ(find_mac("hmac-sha1"), nullptr);
}

}  // namespace
}  // namespace fairlead::ssh
