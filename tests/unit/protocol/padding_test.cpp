// SPDX-License-Identifier: Apache-2.0
// PK-10: random padding under a cipher, and as much of it as hides the lengths of what is typed.
#include "base/wire.hpp"
#include "protocol/packet_codec.hpp"
#include "support/fixed_random.hpp"
#include "unit/protocol/login_pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace fairlead::ssh::test {
namespace {

struct Suite {
  const char *cipher, *mac;
};
constexpr Suite suites[] = {{"aes128-gcm@openssh.com", ""},
                            {"chacha20-poly1305@openssh.com", ""},
                            {"aes256-ctr", "hmac-sha2-256"},
                            {"aes256-ctr", "hmac-sha2-256-etm@openssh.com"}};

std::unique_ptr<PacketCipher> make(const Suite& suite, Direction direction) {
  const CipherInfo& info = *find_cipher(suite.cipher);
  const std::string_view mac = suite.mac;
  const std::vector<std::byte> key(info.key_size, std::byte{1}), iv(info.iv_size, std::byte{2}),
      mac_key(mac.empty() ? 0 : find_mac(mac)->key_size, std::byte{3});
  return make_packet_cipher(suite.cipher, mac, direction, {.key = key, .iv = iv, .mac_key = mac_key}).value();
}

// What one payload becomes, and what the peer finds in it.
class Sealed {
 public:
  Sealed(const Suite& suite, std::size_t unit) : writer_(output_, &random_) {
    writer_.pad_to(unit);
    writer_.use(make(suite, Direction::seal), ~std::uint64_t{0}, false);
    reader_.use(make(suite, Direction::open), ~std::uint64_t{0}, false);
  }
  // The size of what has to be aligned: without the tag, and the length where it stands apart.
  std::size_t seal(std::size_t size) {
    const std::vector<std::byte> payload(size, std::byte{'x'});
    EXPECT_TRUE(writer_.write(payload));
    MutableBytes input = output_.readable();
    const std::size_t total = input.size();
    const auto packet = reader_.next(input);
    EXPECT_TRUE(packet && *packet && (*packet)->payload.size() == size);
    const std::byte* const begin = (*packet)->payload.data();
    const auto length = std::to_integer<std::size_t>(begin[-1]);
    padding_.assign(begin + size, begin + size + length);
    output_.consume(total);
    return total - writer_.keys().tag() - (4 - writer_.keys().aligned_length_field());
  }
  [[nodiscard]] const std::vector<std::byte>& padding() const { return padding_; }

 private:
  FixedRandom random_;
  ByteBuffer output_;
  PacketWriter writer_;
  PacketReader reader_;
  std::vector<std::byte> padding_;
};

TEST(Padding, IsRandomUnderEveryCipher) {
  for (const Suite& suite : suites) {
    Sealed sealed(suite, 0);
    std::set<std::vector<std::byte>> seen;
    for (int i = 0; i < 100; ++i) {
      sealed.seal(6);
      EXPECT_GE(sealed.padding().size(), 4U);
      EXPECT_TRUE(seen.insert(sealed.padding()).second) << suite.cipher << ": the same again";
    }
  }
}

TEST(Padding, OfAUnitHidesLengths) {
  for (const Suite& suite : suites)
    for (const std::size_t unit : {16U, 100U, 240U, 100000U}) {
      const std::size_t multiple = std::min<std::size_t>((unit + 15) / 16 * 16, limits::padding_unit);
      Sealed sealed(suite, unit);
      for (std::size_t size = 1; size < 600; ++size) {
        const std::size_t whole = sealed.seal(size);
        EXPECT_EQ(whole % multiple, 0U) << suite.cipher << ' ' << size;
        EXPECT_GE(sealed.padding().size(), 4U);
        EXPECT_LE(whole, 4 + 1 + size + 4 + multiple);
      }
    }
}

TEST(Padding, OfAUnitIsRandomToo) {
  Sealed sealed(suites[0], 240);
  sealed.seal(1);
  const auto first = sealed.padding();
  sealed.seal(1);
  EXPECT_GT(first.size(), 200U);
  EXPECT_NE(first, sealed.padding());
  EXPECT_GT(std::set(first.begin(), first.end()).size(), 50U) << "not one byte again and again";
}

// Of what one program writes at once, in bytes on the wire.
std::size_t size_on_the_wire(LoginPair& pair, std::size_t size) {
  EXPECT_EQ(pair.server.engine.send_data(0, DataType::standard, std::vector<std::byte>(size)), size);
  const std::size_t sealed = pair.server.engine.output().size();
  pair.run();
  return sealed;
}

void open_channel(LoginPair& pair) {
  pair.log_in();
  EXPECT_TRUE(pair.client.engine.open_channel("session", {}));
  pair.run();
  pair.server.engine.confirm_open(0);
  pair.run();
}

TEST(Padding, IsOffUnlessItIsAskedFor) {
  LoginPair plain;
  open_channel(plain);
  EXPECT_LT(size_on_the_wire(plain, 1), size_on_the_wire(plain, 60));
  EngineConfig config = server_engine_config();
  config.padding_unit = 128;
  LoginPair padded(config);
  open_channel(padded);
  EXPECT_EQ(size_on_the_wire(padded, 1), size_on_the_wire(padded, 100));
  EXPECT_GT(size_on_the_wire(padded, 200), size_on_the_wire(padded, 1));
  EXPECT_EQ(size_on_the_wire(padded, 32768), size_on_the_wire(padded, 32760));
  EXPECT_FALSE(padded.client.error || padded.server.error);
}

}  // namespace
}  // namespace fairlead::ssh::test
