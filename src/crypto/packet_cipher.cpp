// SPDX-License-Identifier: Apache-2.0
// The tables of ciphers and MACs, and the choice of an implementation.
#include "crypto/packet_cipher.hpp"

#include "crypto/packet_constructions.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

namespace fairlead::ssh {

namespace {

// RFC 4344 section 3.2: 2^(L/4) blocks of L bits; OpenSSH takes 1 GiB for ChaCha20, whose block counts as 8
// bytes.
constexpr std::uint64_t aes_rekey_bytes = (std::uint64_t{1} << 32) * 16;
constexpr std::uint64_t chacha_rekey_bytes = std::uint64_t{1} << 30;

constexpr std::array ciphers{
    CipherInfo{"aes128-gcm@openssh.com", 16, 12, true, aes_rekey_bytes},
    CipherInfo{"aes256-gcm@openssh.com", 32, 12, true, aes_rekey_bytes},
    CipherInfo{"chacha20-poly1305@openssh.com", 64, 0, true, chacha_rekey_bytes},
    CipherInfo{"aes128-ctr", 16, 16, false, aes_rekey_bytes},
    CipherInfo{"aes192-ctr", 24, 16, false, aes_rekey_bytes},
    CipherInfo{"aes256-ctr", 32, 16, false, aes_rekey_bytes},
};

constexpr std::array macs{
    MacInfo{"hmac-sha2-256-etm@openssh.com", 32},
    MacInfo{"hmac-sha2-512-etm@openssh.com", 64},
    MacInfo{"hmac-sha2-256", 32},
    MacInfo{"hmac-sha2-512", 64},
};

template <class Table>
auto* find_by_name(const Table& table, std::string_view name) noexcept {
  const auto found = std::ranges::find(table, name, &Table::value_type::name);
  return found == table.end() ? nullptr : &*found;
}

// OpenSSL 3.5's AES-GCM is as fast as ipsec-mb's; before, it costs three times as much (design, section 6).
bool openssl_gcm_is_slow() noexcept {
  return OpenSSL_version_num() < 0x30500000UL;
}

}  // namespace

std::span<const CipherInfo> cipher_infos() noexcept {
  return ciphers;
}
std::span<const MacInfo> mac_infos() noexcept {
  return macs;
}
const CipherInfo* find_cipher(std::string_view name) noexcept {
  return find_by_name(ciphers, name);
}
const MacInfo* find_mac(std::string_view name) noexcept {
  return find_by_name(macs, name);
}

Result<std::unique_ptr<PacketCipher>> make_packet_cipher(std::string_view cipher, std::string_view mac,
                                                         Direction direction, const CipherKeys& keys) {
  const CipherInfo* const info = find_cipher(cipher);
  if (info == nullptr) return failure(Errc::crypto_failed, "unknown cipher");
  if (keys.key.size() != info->key_size || keys.iv.size() != info->iv_size)
    return failure(Errc::crypto_failed, "wrong key or IV size");

  if (!info->aead) {
    const MacInfo* const mac_info = find_mac(mac);
    if (mac_info == nullptr) return failure(Errc::crypto_failed, "unknown MAC");
    if (keys.mac_key.size() != mac_info->key_size) return failure(Errc::crypto_failed, "wrong MAC key size");
    return make_aes_ctr_hmac(mac, keys);
  }
  if (cipher.starts_with("chacha20")) return make_chacha20_poly1305(keys);
  if (openssl_gcm_is_slow() && ipsec_mb_is_available()) return make_aes_gcm_ipsec_mb(direction, keys);
  return make_aes_gcm(direction, keys);
}

}  // namespace fairlead::ssh
