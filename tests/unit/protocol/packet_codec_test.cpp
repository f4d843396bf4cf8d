// SPDX-License-Identifier: Apache-2.0
// Packets of every construction: round trips in any pieces, lengths and padding that lie, MACs that do not
// fit.
#include "protocol/packet_codec.hpp"

#include "base/wire.hpp"
#include "support/fixed_random.hpp"

#include <fairlead/ssh/limits.hpp>

#include <gtest/gtest.h>

#include <string>

namespace fairlead::ssh::test {
namespace {

struct Suite {
  std::string cipher, mac;
};

std::vector<Suite> all_suites() {
  std::vector<Suite> suites{{"none", ""}};
  for (const auto& cipher : cipher_infos()) {
    if (cipher.aead) {
      suites.push_back({std::string(cipher.name), ""});
      continue;
    }
    for (const auto& mac : mac_infos()) suites.push_back({std::string(cipher.name), std::string(mac.name)});
  }
  return suites;
}

std::unique_ptr<PacketCipher> make(const Suite& suite, Direction direction) {
  if (suite.cipher == "none") return nullptr;
  const CipherInfo& info = *find_cipher(suite.cipher);
  const std::vector<std::byte> key(info.key_size, std::byte{0x11}), iv(info.iv_size, std::byte{0x22});
  const std::vector<std::byte> mac_key(suite.mac.empty() ? 0 : find_mac(suite.mac)->key_size,
                                       std::byte{0x33});
  const CipherKeys keys{.key = key, .iv = iv, .mac_key = mac_key};
  return make_packet_cipher(suite.cipher, suite.mac, direction, keys).value();
}

constexpr std::uint64_t no_budget = ~std::uint64_t{0};

// Both directions of one flow.
struct Flow {
  explicit Flow(const Suite& suite = {"none", ""}) : writer(output, &random) {
    writer.use(make(suite, Direction::seal), no_budget, false);
    reader.use(make(suite, Direction::open), no_budget, false);
  }
  std::vector<std::byte> seal(Bytes payload) {
    EXPECT_TRUE(writer.write(payload));
    const Bytes sealed = output.readable();
    std::vector<std::byte> taken(sealed.begin(), sealed.end());
    output.consume(taken.size());
    return taken;
  }
  FixedRandom random;
  ByteBuffer output;
  PacketWriter writer;
  PacketReader reader;
};

std::vector<std::byte> pattern(std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

Errc error_of(PacketReader& reader, std::vector<std::byte> bytes) {
  MutableBytes input = bytes;
  const auto packet = reader.next(input);
  return packet ? Errc::cancelled : packet.error().code;
}

// Without a cipher: these lengths, then `size` bytes in all.
std::vector<std::byte> forged(std::uint32_t length, std::uint8_t padding, std::size_t size) {
  std::vector<std::byte> packet(size, std::byte{0x55});
  store_u32(packet.data(), length);
  packet[4] = std::byte{padding};
  return packet;
}

TEST(PacketCodec, EverySuiteCarriesEverySize) {
  for (const auto& suite : all_suites()) {
    SCOPED_TRACE(suite.cipher + ' ' + suite.mac);
    Flow flow(suite);
    const std::size_t block = std::max<std::size_t>(flow.writer.keys().block(), 8);
    for (const std::size_t size : {1U, 2U, 3U, 7U, 8U, 15U, 16U, 17U, 100U, 1000U, 32768U, 34900U, 200000U}) {
      const auto payload = pattern(size);
      auto sealed = flow.seal(payload);
      EXPECT_EQ(
          (sealed.size() - flow.writer.keys().tag() - 4 + flow.writer.keys().aligned_length_field()) % block,
          0U);
      MutableBytes input = sealed;
      const auto packet = flow.reader.next(input);
      ASSERT_TRUE(packet && *packet) << size;
      EXPECT_TRUE(equal((*packet)->payload, payload));
      EXPECT_TRUE(input.empty());
    }
  }
}

TEST(PacketCodec, PiecesOfAnySizeGiveTheSamePackets) {
  for (const auto& suite : all_suites()) {
    SCOPED_TRACE(suite.cipher + ' ' + suite.mac);
    Flow flow(suite);
    std::vector<std::byte> stream;
    for (const std::size_t size : {5U, 100U, 1U, 64U}) {
      const auto sealed = flow.seal(pattern(size));
      stream.insert(stream.end(), sealed.begin(), sealed.end());
    }
    ByteBuffer inbox;
    std::vector<std::size_t> sizes;
    FixedRandom random(3);
    for (Bytes rest = stream; !rest.empty();) {
      const std::size_t piece = std::min(rest.size(), 1 + random.below(3));
      inbox.append(rest.first(piece));
      rest = rest.subspan(piece);
      MutableBytes input = inbox.readable();
      const std::size_t before = input.size();
      while (true) {
        const auto packet = flow.reader.next(input);
        ASSERT_TRUE(packet) << to_string(packet.error());
        if (!*packet) break;
        EXPECT_TRUE(equal((*packet)->payload, pattern((*packet)->payload.size())));
        EXPECT_EQ((*packet)->sequence, sizes.size());
        sizes.push_back((*packet)->payload.size());
      }
      inbox.consume(before - input.size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{5, 100, 1, 64}));
  }
}

TEST(PacketCodec, PaddingIsAtLeastFourAndRandomUnderACipher) {
  Flow plain;
  for (std::size_t size = 1; size < 40; ++size) {
    const auto packet = plain.seal(pattern(size));
    const auto padding = std::to_integer<std::size_t>(packet[4]);
    EXPECT_GE(padding, 4U);
    EXPECT_LT(padding, 12U);
    EXPECT_EQ(packet.size(), 5 + size + padding);
    for (std::size_t i = 5 + size; i < packet.size(); ++i) EXPECT_EQ(packet[i], std::byte{0});
  }
}

// PK-1, PK-2, PK-3; CVE-2024-43410 (russh), CVE-2026-55200 (libssh2).
TEST(PacketCodec, LengthsThatLieAreRefusedAtOnce) {
  const auto error_for = [](std::uint32_t length) {
    PacketReader reader;
    return error_of(reader, forged(length, 4, 8));
  };
  for (const std::uint32_t length : {0U, 1U, 4U}) EXPECT_EQ(error_for(length), Errc::bad_packet) << length;
  EXPECT_EQ(error_for(13), Errc::bad_packet);  // not aligned
  for (const std::uint32_t length : {0x40001U, 0x7FFFFFFFU, 0xFFFFFFFFU})
    EXPECT_EQ(error_for(length), Errc::packet_too_big) << length;
  EXPECT_EQ(error_for(0x40000 - 4), Errc::cancelled);  // whole, and waited for
}

// PK-4.
TEST(PacketCodec, PaddingThatLiesIsRefused) {
  const auto error_for = [](int padding) {
    PacketReader reader;
    return error_of(reader, forged(12, static_cast<std::uint8_t>(padding), 16));
  };
  for (const int padding : {0, 1, 3, 11, 12, 200, 255})
    EXPECT_EQ(error_for(padding), Errc::bad_packet) << padding;
  EXPECT_EQ(error_for(4), Errc::cancelled);
  EXPECT_EQ(error_for(10), Errc::cancelled);
}

// PK-5, PK-6: a changed bit anywhere gives no payload.
TEST(PacketCodec, AChangedBitIsNoticedWhereverItIs) {
  for (const auto& suite : all_suites()) {
    if (suite.cipher == "none") continue;
    SCOPED_TRACE(suite.cipher + ' ' + suite.mac);
    Flow probe(suite);
    const std::size_t size = probe.seal(pattern(40)).size();
    for (std::size_t at = 0; at < size; ++at) {
      Flow flow(suite);
      auto sealed = flow.seal(pattern(40));
      sealed[at] ^= std::byte{0x10};
      sealed.resize(sealed.size() + 600'000, std::byte{0xAB});
      MutableBytes input = sealed;
      const auto packet = flow.reader.next(input);
      EXPECT_FALSE(packet) << at;
    }
  }
}

// PK-6: encrypt-and-MAC must not tell early whether the length, the MAC or the padding was wrong.
TEST(PacketCodec, EncryptAndMacAnswersForgeriesOnlyAfterTheLargestPacket) {
  const Suite suite{"aes128-ctr", "hmac-sha2-256"};
  for (const std::size_t at : {std::size_t{0}, std::size_t{20}, std::size_t{70}}) {
    Flow flow(suite);
    auto bytes = flow.seal(pattern(40));
    bytes[at] ^= std::byte{0x80};
    const std::size_t packet_size = bytes.size();
    bytes.resize(limits::packet_length, std::byte{0xAB});
    MutableBytes input = MutableBytes(bytes).first(packet_size);
    const auto silent = flow.reader.next(input);
    ASSERT_TRUE(silent);
    EXPECT_FALSE(*silent);
    input = MutableBytes(bytes).subspan(packet_size, limits::packet_length - packet_size - 1);
    ASSERT_TRUE(flow.reader.next(input));
    EXPECT_TRUE(input.empty());
    input = MutableBytes(bytes).last(1);
    const auto told = flow.reader.next(input);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, Errc::mac_failed) << "whatever was forged";
    EXPECT_STREQ(told.error().detail, "");
    // And it stays so.
    EXPECT_FALSE(flow.reader.next(input));
  }
}

TEST(PacketCodec, EncryptThenMacAnswersAtOnce) {
  Flow flow({"aes128-ctr", "hmac-sha2-256-etm@openssh.com"});
  auto bytes = flow.seal(pattern(40));
  bytes.back() ^= std::byte{1};
  EXPECT_EQ(error_of(flow.reader, bytes), Errc::mac_failed);
}

// PK-8: a nonce must not come twice.
TEST(PacketCodec, AKeyProtectsNoMorePacketsThanItMay) {
  Flow flow({"aes128-gcm@openssh.com", ""});
  auto sealed = flow.seal(pattern(10));
  flow.writer.keys().set_packets(limits::packets_per_key);
  flow.reader.keys().set_packets(limits::packets_per_key);
  const auto refused = flow.writer.write(pattern(10));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::key_exhausted);
  EXPECT_TRUE(flow.output.empty());
  EXPECT_EQ(error_of(flow.reader, sealed), Errc::key_exhausted);
}

TEST(PacketCodec, KeysAreUsedUpAfterTheirBudget) {
  Flow flow;
  flow.writer.use(make({"aes128-gcm@openssh.com", ""}, Direction::seal), 100, false);
  EXPECT_FALSE(flow.writer.keys().used_up());
  (void)flow.seal(pattern(50));
  EXPECT_FALSE(flow.writer.keys().used_up());
  (void)flow.seal(pattern(50));
  EXPECT_TRUE(flow.writer.keys().used_up());
  flow.writer.use(make({"aes128-gcm@openssh.com", ""}, Direction::seal), no_budget, false);
  EXPECT_FALSE(flow.writer.keys().used_up());
  flow.writer.keys().set_packets(limits::rekey_packets + 1);
  EXPECT_TRUE(flow.writer.keys().used_up());
}

// PK-7.
TEST(PacketCodec, SequenceNumbersWrap) {
  for (const auto& suite : all_suites()) {
    SCOPED_TRACE(suite.cipher + ' ' + suite.mac);
    Flow flow(suite);
    flow.writer.set_sequence(0xFFFFFFFE);
    flow.reader.set_sequence(0xFFFFFFFE);
    for (const std::uint32_t expected : {0xFFFFFFFEU, 0xFFFFFFFFU, 0U, 1U}) {
      auto sealed = flow.seal(pattern(3));
      MutableBytes input = sealed;
      const auto packet = flow.reader.next(input);
      ASSERT_TRUE(packet && *packet);
      EXPECT_EQ((*packet)->sequence, expected);
    }
  }
}

// PK-10: the padding of equal packets is not equal, also where the tag covers it.
TEST(PacketCodec, PaddingIsRandomUnderKeys) {
  for (const auto& suite : all_suites()) {
    if (suite.cipher == "none") continue;
    SCOPED_TRACE(suite.cipher + ' ' + suite.mac);
    Flow flow(suite);
    const auto padding = [&flow] {
      auto packet = flow.seal(pattern(32));
      MutableBytes input = packet;
      const auto opened = flow.reader.next(input);
      EXPECT_TRUE(opened && *opened);
      const std::size_t size = std::to_integer<std::size_t>(packet[4]);
      EXPECT_GE(size, 4U);
      const auto begin = packet.begin() + 5 + 32;
      return std::vector(begin, begin + static_cast<long>(size));
    };
    const auto one = padding(), two = padding();
    EXPECT_EQ(one.size(), two.size());
    EXPECT_NE(one, two);
  }
}

TEST(PacketCodec, ASlotGivenBackSendsNothing) {
  Flow flow;
  EXPECT_EQ(flow.writer.begin_packet(100).size(), 100U);
  EXPECT_TRUE(flow.writer.end_packet(0));
  EXPECT_TRUE(flow.output.empty());
  EXPECT_EQ(flow.writer.sequence(), 0U);
}

}  // namespace
}  // namespace fairlead::ssh::test
