// SPDX-License-Identifier: Apache-2.0
// The packet reader under every construction (chosen by the first byte) with fixed keys. Without a cipher:
// the same packets however the bytes are cut, and each one well formed. With one: the input changes sealed
// packets, and what comes out is a prefix of what was sealed, whatever it did.
#include "base/byte_buffer.hpp"
#include "fuzz/fuzz_input.hpp"
#include "protocol/packet_codec.hpp"
#include "support/fixed_random.hpp"

#include <fairlead/ssh/limits.hpp>

#include <string>
#include <vector>

using namespace fairlead::ssh;
using fuzz::FuzzInput;
using fuzz::require;

namespace {

struct Suite {
  const char *cipher, *mac;
};
constexpr Suite suites[] = {{"aes128-gcm@openssh.com", ""},
                            {"chacha20-poly1305@openssh.com", ""},
                            {"aes128-ctr", "hmac-sha2-256"},
                            {"aes256-ctr", "hmac-sha2-512-etm@openssh.com"}};
constexpr std::uint64_t no_budget = ~std::uint64_t{0};

std::unique_ptr<PacketCipher> make_cipher(const Suite& suite, Direction direction) {
  const std::vector<std::byte> key(64, std::byte{0x11});
  const CipherInfo& info = *find_cipher(suite.cipher);
  const std::size_t mac_size = *suite.mac == '\0' ? 0 : find_mac(suite.mac)->key_size;
  const CipherKeys keys{.key = Bytes(key).first(info.key_size),
                        .iv = Bytes(key).first(info.iv_size),
                        .mac_key = Bytes(key).first(mac_size)};
  return make_packet_cipher(suite.cipher, suite.mac, direction, keys).value();
}

struct Received {
  std::vector<std::string> payloads;
  bool failed = false;

  bool operator==(const Received&) const = default;
};

Received receive(PacketReader reader, Bytes bytes, std::size_t piece) {
  Received received;
  ByteBuffer inbox;
  while (!bytes.empty()) {
    const std::size_t size = std::min(piece, bytes.size());
    inbox.append(bytes.first(size));
    bytes = bytes.subspan(size);
    while (true) {
      MutableBytes input = inbox.readable();
      const std::size_t before = input.size();
      const auto packet = reader.next(input);
      if (packet && *packet) received.payloads.push_back(to_string((*packet)->payload));
      inbox.consume(before - input.size());
      if (!packet) {
        received.failed = true;
        return received;
      }
      if (!*packet) break;
      require(!received.payloads.back().empty());
    }
    require(inbox.size() <= limits::packet_length + 4 + 64);
  }
  return received;
}

void plain(Bytes bytes) {
  const Received whole = receive(PacketReader(), bytes, bytes.size());
  require(whole == receive(PacketReader(), bytes, 1));
  require(whole == receive(PacketReader(), bytes, 13));
}

void sealed(const Suite& suite, FuzzInput input) {
  test::FixedRandom random;
  ByteBuffer output;
  PacketWriter writer(output, &random);
  writer.use(make_cipher(suite, Direction::seal), no_budget, false);
  std::vector<std::string> sent;
  for (int i = 0; i < 4; ++i) {
    sent.push_back(std::string(1, 'p') + to_string(input.take(input.byte() % 80)));
    require(writer.write(as_bytes(sent.back())).has_value());
  }
  // Changes: where, and what to xor.
  const MutableBytes stream = output.readable();
  bool changed = false;
  for (int i = input.byte() % 4; i > 0; --i) {
    const std::size_t at = input.number() % stream.size();
    const std::byte mask{input.byte()};
    stream[at] ^= mask;
    changed = changed || mask != std::byte{0};
  }
  output.append(input.rest());
  PacketReader reader;
  reader.use(make_cipher(suite, Direction::open), no_budget, false);
  const std::size_t piece = 1 + input.byte();
  const Received received = receive(std::move(reader), output.readable(), piece);
  require(received.payloads.size() <= sent.size());
  for (std::size_t i = 0; i < received.payloads.size(); ++i) require(received.payloads[i] == sent[i]);
  if (!changed) require(received.payloads.size() == sent.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  FuzzInput input(data, size);
  const std::size_t choice = input.byte() % (1 + std::size(suites));
  if (choice == 0)
    plain(input.rest());
  else
    sealed(suites[choice - 1], input);
  return 0;
}
