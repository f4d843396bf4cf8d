// SPDX-License-Identifier: Apache-2.0
// AES-GCM packets (RFC 5647 as OpenSSH uses it) through EVP, with one context for the life of the key.
#include "base/wire.hpp"
#include "crypto/evp.hpp"
#include "crypto/gcm_cipher.hpp"
#include "crypto/gcm_nonce.hpp"
#include "crypto/packet_constructions.hpp"

namespace fairlead::ssh {

namespace {

class AesGcm final : public GcmCipher {
 public:
  AesGcm(EvpCipherContext context, Bytes iv) noexcept : context_(std::move(context)), nonce_(iv) {}

  void seal(std::uint32_t, MutableBytes packet) noexcept override {
    const MutableBytes tag = packet.last(gcm_tag_size);
    if (!crypt(packet.first(packet.size() - gcm_tag_size), nullptr) ||
        EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, int{gcm_tag_size}, tag.data()) != 1)
      wipe(packet.subspan(packet_length_size));  // the peer's check fails, and no plaintext leaves
  }

  std::uint32_t decode_length(std::uint32_t, MutableBytes head) noexcept override {
    return load_u32(head.data());
  }

  Result<> open(std::uint32_t, MutableBytes packet) noexcept override {
    if (packet.size() < packet_length_size + gcm_tag_size) return failure(Errc::mac_failed);
    // EVP decrypts and authenticates in one pass; its output is wiped when the tag is wrong.
    const MutableBytes text = packet.first(packet.size() - gcm_tag_size);
    if (crypt(text, packet.last(gcm_tag_size).data())) return {};
    wipe(text.subspan(packet_length_size));
    return failure(Errc::mac_failed);
  }

 private:
  // In place; `expected_tag` is null when sealing.
  bool crypt(MutableBytes text, std::byte* expected_tag) noexcept {
    EVP_CIPHER_CTX* const context = context_.get();
    const bool ready = EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce_.octets(), -1) == 1;
    nonce_.advance();
    if (!ready) return false;
    if (expected_tag != nullptr &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, int{gcm_tag_size}, expected_tag) != 1)
      return false;
    unsigned char* const length = octets(text);
    unsigned char* const body = length + packet_length_size;
    int written = 0;
    return EVP_CipherUpdate(context, nullptr, &written, length, int{packet_length_size}) == 1 &&
           EVP_CipherUpdate(context, body, &written, body,
                            static_cast<int>(text.size() - packet_length_size)) == 1 &&
           EVP_CipherFinal_ex(context, body, &written) == 1;
  }

  EvpCipherContext context_;
  GcmNonce nonce_;
};

}  // namespace

Result<std::unique_ptr<PacketCipher>> make_aes_gcm(Direction direction, const CipherKeys& keys) {
  const EVP_CIPHER* const algorithm = keys.key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
  EvpCipherContext context(EVP_CIPHER_CTX_new());
  const int encrypt = direction == Direction::seal ? 1 : 0;
  if (!context ||
      EVP_CipherInit_ex(context.get(), algorithm, nullptr, octets(keys.key), octets(keys.iv), encrypt) != 1)
    return failure(Errc::crypto_failed, "AES-GCM is not available");
  return std::make_unique<AesGcm>(std::move(context), keys.iv);
}

}  // namespace fairlead::ssh
