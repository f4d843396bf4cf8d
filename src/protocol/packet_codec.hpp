// SPDX-License-Identifier: Apache-2.0
// The binary packet protocol (RFC 4253 section 6): PacketWriter seals payloads in place in an output buffer,
// PacketReader opens them in place in the input. Each is one direction with its keys and its sequence number.
//
//   output: … sealed packets │ length, padding_length │ slot for the payload │ padding │ tag
//                            └─ begin_packet() prepares     └─ returns          └─ end_packet() fills and
//                            commits
#pragma once

#include "base/byte_buffer.hpp"
#include "crypto/packet_cipher.hpp"
#include "crypto/random.hpp"

#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/limits.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace fairlead::ssh {

// What one direction has done under its present key, and the cipher's shape, cached out of the virtual
// interface.
class PacketKeys {
 public:
  // Null is the `none` cipher. used_up() is true after that many bytes, or limits::rekey_packets packets.
  void use(std::unique_ptr<PacketCipher> cipher, std::uint64_t byte_budget) noexcept;
  void count(std::size_t packet_size) noexcept { ++packets_, bytes_ += packet_size; }

  [[nodiscard]] PacketCipher* cipher() const noexcept { return cipher_.get(); }
  [[nodiscard]] std::size_t block() const noexcept { return block_; }
  [[nodiscard]] std::size_t tag() const noexcept { return tag_; }
  [[nodiscard]] std::size_t head() const noexcept { return head_; }
  // The part of the length field that must be aligned with the rest: 4, or 0.
  [[nodiscard]] std::size_t aligned_length_field() const noexcept { return length_is_apart_ ? 0 : 4; }
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  // New keys are due.
  [[nodiscard]] bool used_up() const noexcept {
    return cipher_ && (bytes_ > byte_budget_ || packets_ > limits::rekey_packets);
  }
  // Not one packet more.
  [[nodiscard]] bool exhausted() const noexcept { return cipher_ && packets_ >= limits::packets_per_key; }
  // Only tests set them, to come to limits that take 2^31 packets or a gigabyte.
  void set_packets(std::uint64_t packets) noexcept { packets_ = packets; }
  void set_bytes(std::uint64_t bytes) noexcept { bytes_ = bytes; }

 private:
  std::unique_ptr<PacketCipher> cipher_;
  std::uint64_t packets_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t byte_budget_ = 0;
  std::size_t block_ = 8;
  std::size_t tag_ = 0;
  std::size_t head_ = 4;
  bool length_is_apart_ = false;
};

class PacketWriter {
 public:
  // Both must outlive this object. The buffer's content may be consumed or swapped between packets. `random`
  // may be null as long as there is no cipher.
  PacketWriter(ByteBuffer& output, RandomSource* random) noexcept : output_(output), random_(random) {}

  // A slot for a payload of at most `max_size` bytes, then seal its first `payload_size` bytes; 0 gives the
  // slot back.
  [[nodiscard]] MutableBytes begin_packet(std::size_t max_size);
  // Fails with key_exhausted, and seals nothing, when the key may protect no more packets.
  [[nodiscard]] Result<> end_packet(std::size_t payload_size);
  [[nodiscard]] Result<> write(Bytes payload);

  // From the next packet on. Strict key exchange (KX-16) resets the sequence number too.
  void use(std::unique_ptr<PacketCipher> cipher, std::uint64_t byte_budget, bool reset_sequence) noexcept;
  // Before the first use(): EngineConfig::padding_unit.
  void pad_to(std::size_t unit) noexcept;
  [[nodiscard]] PacketKeys& keys() noexcept { return keys_; }
  [[nodiscard]] const PacketKeys& keys() const noexcept { return keys_; }
  [[nodiscard]] std::uint32_t sequence() const noexcept { return sequence_; }  // of the next packet
  void set_sequence(std::uint32_t sequence) noexcept { sequence_ = sequence; }

 private:
  void fill_padding(MutableBytes padding) noexcept;

  ByteBuffer& output_;
  RandomSource* random_;
  PacketKeys keys_;
  MutableBytes slot_;  // from the length field to the end of what begin_packet() prepared
  std::array<std::byte, 64> padding_pool_{};
  std::size_t padding_left_ = 0;
  std::size_t unit_ = 8;         // that packets are a multiple of, for the cipher in use
  std::size_t wanted_unit_ = 0;  // under any cipher
  std::uint32_t sequence_ = 0;
};

class PacketReader {
 public:
  struct Packet {
    MutableBytes payload;  // never empty; points into the input
    std::uint32_t sequence;
  };

  // The next whole packet of `input`, which is advanced past it; nothing when it is not complete yet. What is
  // left must be presented again, unchanged, with more behind it: the length has been read, and perhaps
  // decrypted in place, already.
  //
  // With an encrypt-and-MAC cipher an error in length, MAC or padding is told only after as many further
  // bytes as the largest packet has, so that the time of the answer does not tell what was wrong (PK-6).
  [[nodiscard]] Result<std::optional<Packet>> next(MutableBytes& input);

  void use(std::unique_ptr<PacketCipher> cipher, std::uint64_t byte_budget, bool reset_sequence) noexcept;
  [[nodiscard]] PacketKeys& keys() noexcept { return keys_; }
  [[nodiscard]] const PacketKeys& keys() const noexcept { return keys_; }
  [[nodiscard]] std::uint32_t sequence() const noexcept { return sequence_; }  // of the next packet
  void set_sequence(std::uint32_t sequence) noexcept { sequence_ = sequence; }

 private:
  [[nodiscard]] Result<> read_head(MutableBytes input);
  [[nodiscard]] Result<Packet> open(MutableBytes packet);
  // Camouflage: swallows what is left of the largest packet, then fails.
  [[nodiscard]] Result<std::optional<Packet>> discard(MutableBytes& input);
  [[nodiscard]] Result<std::optional<Packet>> refuse(Error error, std::size_t used, MutableBytes& input);

  PacketKeys keys_;
  std::size_t total_ =
      0;  // of the packet at the front, with length field and tag; 0 before its head has been read
  std::size_t discard_left_ = 0;
  std::optional<Error> failed_;
  std::uint32_t sequence_ = 0;
};

}  // namespace fairlead::ssh
