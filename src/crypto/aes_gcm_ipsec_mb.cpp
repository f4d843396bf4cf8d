// SPDX-License-Identifier: Apache-2.0
// AES-GCM packets through Intel's ipsec-mb: a third of the time that OpenSSL before 3.5 takes for a full
// packet.
#include "base/wire.hpp"
#include "crypto/gcm_cipher.hpp"
#include "crypto/gcm_nonce.hpp"
#include "crypto/packet_constructions.hpp"

#include <array>

#ifdef FAIRLEAD_IPSEC_MB
#include <intel-ipsec-mb.h>
#endif

namespace fairlead::ssh {

#ifdef FAIRLEAD_IPSEC_MB

namespace {

// The library's table of functions for this CPU; null when it lacks AES instructions. The GCM functions keep
// no state in it, so all threads share one.
const IMB_MGR* functions() noexcept {
  static const std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)> manager = [] {
    IMB_MGR* const table = alloc_mb_mgr(0);
    if (table != nullptr) init_mb_mgr_auto(table, nullptr);
    return std::unique_ptr<IMB_MGR, void (*)(IMB_MGR*)>(table, &free_mb_mgr);
  }();
  constexpr std::uint64_t needed = IMB_FEATURE_AESNI | IMB_FEATURE_PCLMULQDQ;
  return manager && (manager->features & needed) == needed ? manager.get() : nullptr;
}

struct GcmFunctions {
  aes_gcm_pre_t expand_key;
  aes_gcm_enc_dec_t encrypt, decrypt;
};

GcmFunctions functions_for(std::size_t key_size) noexcept {
  const IMB_MGR* const table = functions();
  if (key_size == 16) return {table->gcm128_pre, table->gcm128_enc, table->gcm128_dec};
  return {table->gcm256_pre, table->gcm256_enc, table->gcm256_dec};
}

class AesGcmIpsecMb final : public GcmCipher {
 public:
  AesGcmIpsecMb(Direction direction, const CipherKeys& keys) noexcept : nonce_(keys.iv) {
    const GcmFunctions gcm = functions_for(keys.key.size());
    crypt_ = direction == Direction::seal ? gcm.encrypt : gcm.decrypt;
    gcm.expand_key(keys.key.data(), &key_);
  }
  ~AesGcmIpsecMb() override { wipe(std::as_writable_bytes(std::span(&key_, 1))); }
  AesGcmIpsecMb(const AesGcmIpsecMb&) = delete;
  AesGcmIpsecMb& operator=(const AesGcmIpsecMb&) = delete;

  void seal(std::uint32_t, MutableBytes packet) noexcept override {
    crypt(packet.first(packet.size() - gcm_tag_size), packet.last(gcm_tag_size).data());
  }

  std::uint32_t decode_length(std::uint32_t, MutableBytes head) noexcept override {
    return load_u32(head.data());
  }

  Result<> open(std::uint32_t, MutableBytes packet) noexcept override {
    if (packet.size() < packet_length_size + gcm_tag_size) return failure(Errc::mac_failed);
    const MutableBytes text = packet.first(packet.size() - gcm_tag_size);
    std::array<std::byte, gcm_tag_size> tag;
    crypt(text, tag.data());
    if (constant_time_equal(tag, packet.last(gcm_tag_size))) return {};
    wipe(text.subspan(packet_length_size));  // decrypted, but not authentic: nobody may look at it
    return failure(Errc::mac_failed);
  }

 private:
  // In place; writes the tag of what is or was the ciphertext.
  void crypt(MutableBytes text, std::byte* tag) noexcept {
    const auto body = reinterpret_cast<std::uint8_t*>(text.data() + packet_length_size);
    gcm_context_data scratch;
    crypt_(&key_, &scratch, body, body, text.size() - packet_length_size, nonce_.octets(),
           reinterpret_cast<const std::uint8_t*>(text.data()), packet_length_size,
           reinterpret_cast<std::uint8_t*>(tag), gcm_tag_size);
    wipe(std::as_writable_bytes(std::span(&scratch, 1)));
    nonce_.advance();
  }

  alignas(64) gcm_key_data
      key_;  // the library loads it aligned, but its header says so only under its own build flags
  aes_gcm_enc_dec_t crypt_;
  GcmNonce nonce_;
};

}  // namespace

bool ipsec_mb_is_available() noexcept {
  return functions() != nullptr;
}

Result<std::unique_ptr<PacketCipher>> make_aes_gcm_ipsec_mb(Direction direction, const CipherKeys& keys) {
  if (!ipsec_mb_is_available()) return failure(Errc::crypto_failed, "ipsec-mb is not available");
  return std::make_unique<AesGcmIpsecMb>(direction, keys);
}

#else

bool ipsec_mb_is_available() noexcept {
  return false;
}

Result<std::unique_ptr<PacketCipher>> make_aes_gcm_ipsec_mb(Direction, const CipherKeys&) {
  return failure(Errc::crypto_failed, "built without ipsec-mb");
}

#endif

}  // namespace fairlead::ssh
