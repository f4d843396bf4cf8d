// SPDX-License-Identifier: Apache-2.0
// The constructions behind make_packet_cipher(), one file each. Key sizes are checked before these are
// called.
#pragma once

#include "crypto/packet_cipher.hpp"

namespace fairlead::ssh {

inline constexpr std::size_t packet_length_size = 4;

// aes128-gcm@openssh.com and aes256-gcm@openssh.com (the size of the key decides), RFC 5647 as OpenSSH uses
// it.
[[nodiscard]] Result<std::unique_ptr<PacketCipher>> make_aes_gcm(Direction direction, const CipherKeys& keys);

// The same bytes from Intel's ipsec-mb. Available when built in (FAIRLEAD_IPSEC_MB) and the CPU has AES
// instructions.
[[nodiscard]] bool ipsec_mb_is_available() noexcept;
[[nodiscard]] Result<std::unique_ptr<PacketCipher>> make_aes_gcm_ipsec_mb(Direction direction,
                                                                          const CipherKeys& keys);

// chacha20-poly1305@openssh.com (draft-ietf-sshm-chacha20-poly1305).
[[nodiscard]] Result<std::unique_ptr<PacketCipher>> make_chacha20_poly1305(const CipherKeys& keys);

// aes*-ctr (RFC 4344) with hmac-sha2-* (RFC 6668), or with their encrypt-then-MAC forms.
[[nodiscard]] Result<std::unique_ptr<PacketCipher>> make_aes_ctr_hmac(std::string_view mac,
                                                                      const CipherKeys& keys);

}  // namespace fairlead::ssh
