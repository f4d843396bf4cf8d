// SPDX-License-Identifier: Apache-2.0
// chacha20-poly1305@openssh.com (draft-ietf-sshm-chacha20-poly1305): packet_length under a key of its own,
// then one ChaCha20 stream whose first block makes the Poly1305 key and whose rest encrypts the payload.
#include "base/wire.hpp"
#include "crypto/evp.hpp"
#include "crypto/packet_constructions.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

constexpr std::size_t chacha_key_size = 32;
constexpr std::size_t chacha_block_size = 64;
constexpr std::size_t poly_key_size = 32;
constexpr std::size_t poly_tag_size = 16;

using Tag = std::array<std::byte, poly_tag_size>;

// EVP's ChaCha20 takes the block counter (64 bits, little endian) and the nonce (our sequence number) as one
// IV.
using ChaChaIv = std::array<std::byte, 16>;

ChaChaIv iv_of(std::uint32_t sequence) noexcept {
  ChaChaIv iv{};
  store_u64(iv.data() + 8, sequence);
  return iv;
}

bool crypt_in_place(EVP_CIPHER_CTX* context, MutableBytes bytes) noexcept {
  int written = 0;
  return EVP_EncryptUpdate(context, octets(bytes), &written, octets(bytes), static_cast<int>(bytes.size())) ==
         1;
}

class ChaCha20Poly1305 final : public PacketCipher {
 public:
  ChaCha20Poly1305(EvpCipherContext length, EvpCipherContext payload, EvpMacContext mac) noexcept
      : length_(std::move(length)), payload_(std::move(payload)), mac_(std::move(mac)) {}

  std::size_t block_size() const noexcept override { return 8; }
  std::size_t tag_size() const noexcept override { return poly_tag_size; }
  bool length_is_apart() const noexcept override { return true; }
  bool is_length_oracle() const noexcept override { return false; }
  std::size_t head_size() const noexcept override { return packet_length_size; }

  void seal(std::uint32_t sequence, MutableBytes packet) noexcept override {
    const MutableBytes text = packet.first(packet.size() - poly_tag_size);
    Tag tag{};
    if (start(sequence) && crypt_length(sequence, text.first(packet_length_size)) &&
        crypt_in_place(payload_.get(), text.subspan(packet_length_size)) && authenticate(text, tag))
      std::memcpy(packet.last(poly_tag_size).data(), tag.data(), tag.size());
    else
      wipe(packet);  // the peer's check fails, and no plaintext leaves
  }

  std::uint32_t decode_length(std::uint32_t sequence, MutableBytes head) noexcept override {
    // A copy: the tag covers the encrypted length.
    std::array<std::byte, packet_length_size> length;
    std::memcpy(length.data(), head.data(), length.size());
    return crypt_length(sequence, length) ? load_u32(length.data()) : 0;
  }

  Result<> open(std::uint32_t sequence, MutableBytes packet) noexcept override {
    if (packet.size() < packet_length_size + poly_tag_size) return failure(Errc::mac_failed);
    const MutableBytes text = packet.first(packet.size() - poly_tag_size);
    Tag tag{};
    if (!start(sequence) || !authenticate(text, tag) || !constant_time_equal(tag, packet.last(poly_tag_size)))
      return failure(Errc::mac_failed);
    const MutableBytes body = text.subspan(packet_length_size);
    if (!crypt_in_place(payload_.get(), body)) return failure(Errc::crypto_failed);
    store_u32(text.data(), static_cast<std::uint32_t>(body.size()));
    return {};
  }

 private:
  // Sets the payload stream up and takes its first block as the packet's Poly1305 key; the payload follows at
  // block 1.
  bool start(std::uint32_t sequence) noexcept {
    const ChaChaIv iv = iv_of(sequence);
    std::array<std::byte, chacha_block_size> block{};
    const bool started =
        EVP_EncryptInit_ex(payload_.get(), nullptr, nullptr, nullptr, octets(Bytes(iv))) == 1 &&
        crypt_in_place(payload_.get(), block) &&
        EVP_MAC_init(mac_.get(), octets(Bytes(block)), poly_key_size, nullptr) == 1;
    wipe(block);
    return started;
  }

  bool crypt_length(std::uint32_t sequence, MutableBytes length) noexcept {
    const ChaChaIv iv = iv_of(sequence);
    return EVP_EncryptInit_ex(length_.get(), nullptr, nullptr, nullptr, octets(Bytes(iv))) == 1 &&
           crypt_in_place(length_.get(), length);
  }

  bool authenticate(Bytes text, Tag& tag) noexcept {
    std::size_t written = 0;
    return EVP_MAC_update(mac_.get(), octets(text), text.size()) == 1 &&
           EVP_MAC_final(mac_.get(), octets(MutableBytes(tag)), &written, tag.size()) == 1;
  }

  EvpCipherContext length_;
  EvpCipherContext payload_;
  EvpMacContext mac_;
};

EvpCipherContext chacha_context(Bytes key) {
  EvpCipherContext context(EVP_CIPHER_CTX_new());
  const ChaChaIv iv{};
  if (context &&
      EVP_EncryptInit_ex(context.get(), EVP_chacha20(), nullptr, octets(key), octets(Bytes(iv))) != 1)
    context.reset();
  return context;
}

}  // namespace

Result<std::unique_ptr<PacketCipher>> make_chacha20_poly1305(const CipherKeys& keys) {
  const EvpMac poly1305(EVP_MAC_fetch(nullptr, "POLY1305", nullptr));
  EvpMacContext mac(poly1305 ? EVP_MAC_CTX_new(poly1305.get()) : nullptr);
  EvpCipherContext payload = chacha_context(keys.key.first(chacha_key_size));
  EvpCipherContext length = chacha_context(keys.key.last(chacha_key_size));
  if (!mac || !payload || !length) return failure(Errc::crypto_failed, "ChaCha20-Poly1305 is not available");
  return std::make_unique<ChaCha20Poly1305>(std::move(length), std::move(payload), std::move(mac));
}

}  // namespace fairlead::ssh
