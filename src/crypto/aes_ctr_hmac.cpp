// SPDX-License-Identifier: Apache-2.0
// AES in counter mode (RFC 4344) with HMAC-SHA-2 (RFC 6668): encrypt-and-MAC over the plaintext as RFC 4253
// section 6.4 has it, and OpenSSH's encrypt-then-MAC forms, which leave packet_length in clear.
#include "base/wire.hpp"
#include "crypto/evp.hpp"
#include "crypto/packet_constructions.hpp"

#include <array>

namespace fairlead::ssh {

namespace {

constexpr std::size_t aes_block_size = 16;

// HMAC over sequence number and text with one keyed context.
class PacketMac {
 public:
  PacketMac(EvpMacContext context, std::size_t size) noexcept : context_(std::move(context)), size_(size) {}

  using Tag = std::array<std::byte, 64>;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] bool compute(std::uint32_t sequence, Bytes text, Tag& tag) noexcept {
    std::array<std::byte, 4> number;
    store_u32(number.data(), sequence);
    std::size_t written = 0;
    return EVP_MAC_init(context_.get(), nullptr, 0, nullptr) == 1 &&  // starts again under the same key
           EVP_MAC_update(context_.get(), octets(Bytes(number)), number.size()) == 1 &&
           EVP_MAC_update(context_.get(), octets(text), text.size()) == 1 &&
           EVP_MAC_final(context_.get(), octets(MutableBytes(tag)), &written, tag.size()) == 1;
  }

  [[nodiscard]] bool write(std::uint32_t sequence, Bytes text, MutableBytes to) noexcept {
    Tag tag{};
    if (!compute(sequence, text, tag)) return false;
    std::memcpy(to.data(), tag.data(), size_);
    return true;
  }

  [[nodiscard]] bool matches(std::uint32_t sequence, Bytes text, Bytes received) noexcept {
    Tag tag{};
    return compute(sequence, text, tag) && constant_time_equal(Bytes(tag).first(size_), received);
  }

 private:
  EvpMacContext context_;
  std::size_t size_;
};

class AesCtrHmac : public PacketCipher {
 public:
  AesCtrHmac(EvpCipherContext context, PacketMac mac) noexcept
      : context_(std::move(context)), mac_(std::move(mac)) {}

  std::size_t block_size() const noexcept override { return aes_block_size; }
  std::size_t tag_size() const noexcept override { return mac_.size(); }

 protected:
  // Counter mode is its own inverse; the key stream runs on from packet to packet.
  bool crypt(MutableBytes bytes) noexcept {
    int written = 0;
    return bytes.empty() || EVP_EncryptUpdate(context_.get(), octets(bytes), &written, octets(bytes),
                                              static_cast<int>(bytes.size())) == 1;
  }

  EvpCipherContext context_;
  PacketMac mac_;
};

class EncryptAndMac final : public AesCtrHmac {
 public:
  using AesCtrHmac::AesCtrHmac;

  bool length_is_apart() const noexcept override { return false; }
  bool is_length_oracle() const noexcept override { return true; }
  std::size_t head_size() const noexcept override { return aes_block_size; }

  void seal(std::uint32_t sequence, MutableBytes packet) noexcept override {
    const MutableBytes text = packet.first(packet.size() - mac_.size());
    if (!mac_.write(sequence, text, packet.last(mac_.size())) || !crypt(text)) wipe(packet);
  }

  std::uint32_t decode_length(std::uint32_t, MutableBytes head) noexcept override {
    return crypt(head.first(aes_block_size)) ? load_u32(head.data()) : 0;
  }

  Result<> open(std::uint32_t sequence, MutableBytes packet) noexcept override {
    if (packet.size() < aes_block_size + mac_.size()) return failure(Errc::mac_failed);
    const MutableBytes text = packet.first(packet.size() - mac_.size());
    if (!crypt(text.subspan(aes_block_size)) || !mac_.matches(sequence, text, packet.last(mac_.size())))
      return failure(Errc::mac_failed);
    return {};
  }
};

class EncryptThenMac final : public AesCtrHmac {
 public:
  using AesCtrHmac::AesCtrHmac;

  bool length_is_apart() const noexcept override { return true; }
  bool is_length_oracle() const noexcept override { return false; }
  std::size_t head_size() const noexcept override { return packet_length_size; }

  void seal(std::uint32_t sequence, MutableBytes packet) noexcept override {
    const MutableBytes text = packet.first(packet.size() - mac_.size());
    if (!crypt(text.subspan(packet_length_size)) || !mac_.write(sequence, text, packet.last(mac_.size())))
      wipe(packet);
  }

  std::uint32_t decode_length(std::uint32_t, MutableBytes head) noexcept override {
    return load_u32(head.data());
  }

  Result<> open(std::uint32_t sequence, MutableBytes packet) noexcept override {
    if (packet.size() < packet_length_size + mac_.size()) return failure(Errc::mac_failed);
    const MutableBytes text = packet.first(packet.size() - mac_.size());
    if (!mac_.matches(sequence, text, packet.last(mac_.size()))) return failure(Errc::mac_failed);
    if (!crypt(text.subspan(packet_length_size))) return failure(Errc::crypto_failed);
    return {};
  }
};

const EVP_CIPHER* aes_ctr(std::size_t key_size) noexcept {
  return key_size == 16 ? EVP_aes_128_ctr() : key_size == 24 ? EVP_aes_192_ctr() : EVP_aes_256_ctr();
}

EvpMacContext hmac_context(std::string_view mac, Bytes key) {
  const EvpMac hmac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  EvpMacContext context(hmac ? EVP_MAC_CTX_new(hmac.get()) : nullptr);
  std::string hash = mac.starts_with("hmac-sha2-512") ? "SHA512" : "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash.data(), 0),
      OSSL_PARAM_construct_end(),
  };
  if (context && EVP_MAC_init(context.get(), octets(key), key.size(), params) != 1) context.reset();
  return context;
}

}  // namespace

Result<std::unique_ptr<PacketCipher>> make_aes_ctr_hmac(std::string_view mac, const CipherKeys& keys) {
  EvpCipherContext cipher(EVP_CIPHER_CTX_new());
  EvpMacContext hmac = hmac_context(mac, keys.mac_key);
  if (!cipher || !hmac ||
      EVP_EncryptInit_ex(cipher.get(), aes_ctr(keys.key.size()), nullptr, octets(keys.key),
                         octets(keys.iv)) != 1)
    return failure(Errc::crypto_failed, "AES-CTR or HMAC is not available");
  PacketMac packet_mac(std::move(hmac), keys.mac_key.size());  // RFC 6668: key and tag have one size
  if (mac.ends_with("-etm@openssh.com"))
    return std::make_unique<EncryptThenMac>(std::move(cipher), std::move(packet_mac));
  return std::make_unique<EncryptAndMac>(std::move(cipher), std::move(packet_mac));
}

}  // namespace fairlead::ssh
