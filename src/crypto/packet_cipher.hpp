// SPDX-License-Identifier: Apache-2.0
// One direction of packet protection (RFC 4253 sections 6.3 and 6.4): a cipher with its MAC, or an AEAD.
// Seals and opens in place.
//
//   packet: [ packet_length u32 | padding_length | payload | padding ][ tag ]
#pragma once

#include "base/secret.hpp"

#include <fairlead/ssh/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace fairlead::ssh {

class PacketCipher {
 public:
  virtual ~PacketCipher() = default;

  // Alignment of the encrypted part; at least 8.
  [[nodiscard]] virtual std::size_t block_size() const noexcept = 0;
  [[nodiscard]] virtual std::size_t tag_size() const noexcept = 0;
  // True when packet_length itself is not part of what must be aligned (AEAD and encrypt-then-MAC).
  [[nodiscard]] virtual bool length_is_apart() const noexcept = 0;
  // Encrypt-and-MAC: a bad length must not be answered early (PK-6). False for AEAD and encrypt-then-MAC.
  [[nodiscard]] virtual bool is_length_oracle() const noexcept = 0;
  // How many bytes of a packet decode_length() needs: 4, or one block where the length is encrypted with the
  // rest.
  [[nodiscard]] virtual std::size_t head_size() const noexcept = 0;

  // `packet` is the whole packet with tag_size() bytes behind it for the tag.
  virtual void seal(std::uint32_t sequence, MutableBytes packet) noexcept = 0;

  // packet_length, unchecked, from the first head_size() bytes. Called once per packet; may decrypt the head
  // in place.
  [[nodiscard]] virtual std::uint32_t decode_length(std::uint32_t sequence, MutableBytes head) noexcept = 0;
  // `packet` is the whole packet with its tag, head as decode_length() left it. Fails with mac_failed before
  // any plaintext is looked at; on success everything but the tag is plaintext.
  [[nodiscard]] virtual Result<> open(std::uint32_t sequence, MutableBytes packet) noexcept = 0;
};

enum class Direction : std::uint8_t { seal, open };

struct CipherKeys {
  Bytes key;
  Bytes iv;
  Bytes mac_key;
};

// What the negotiation knows about a cipher or MAC by name, and how many key bytes the key schedule must
// make.
struct CipherInfo {
  std::string_view name;
  std::size_t key_size, iv_size;
  bool aead;  // negotiates no MAC
  // Blocks of 16 bytes after which RFC 4344 section 3.2 wants new keys, as bytes.
  std::uint64_t rekey_bytes;
};
struct MacInfo {
  std::string_view name;
  std::size_t key_size;
};
// In order of preference; the engine's defaults.
[[nodiscard]] std::span<const CipherInfo> cipher_infos() noexcept;
[[nodiscard]] std::span<const MacInfo> mac_infos() noexcept;
[[nodiscard]] const CipherInfo* find_cipher(std::string_view name) noexcept;
[[nodiscard]] const MacInfo* find_mac(std::string_view name) noexcept;

// `mac` is empty for an AEAD. Picks the fastest implementation on this CPU (ipsec-mb where built in, EVP
// otherwise).
[[nodiscard]] Result<std::unique_ptr<PacketCipher>> make_packet_cipher(std::string_view cipher,
                                                                       std::string_view mac,
                                                                       Direction direction,
                                                                       const CipherKeys& keys);

}  // namespace fairlead::ssh
