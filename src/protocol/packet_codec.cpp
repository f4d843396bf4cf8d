// SPDX-License-Identifier: Apache-2.0
// Frames, padding and sequence numbers of RFC 4253 section 6.
#include "protocol/packet_codec.hpp"

#include "base/wire.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace fairlead::ssh {

namespace {

constexpr std::size_t length_field = 4;
constexpr std::size_t header = length_field + 1;  // with padding_length
constexpr std::size_t min_padding = 4;
constexpr std::size_t min_packet_length =
    1 + min_padding;  // PK-1; an empty payload is refused once the MAC is verified

}  // namespace

void PacketKeys::use(std::unique_ptr<PacketCipher> cipher, std::uint64_t byte_budget) noexcept {
  cipher_ = std::move(cipher);
  block_ = cipher_ ? std::max(cipher_->block_size(), std::size_t{8}) : 8;
  tag_ = cipher_ ? cipher_->tag_size() : 0;
  head_ = cipher_ ? cipher_->head_size() : length_field;
  length_is_apart_ = cipher_ && cipher_->length_is_apart();
  packets_ = bytes_ = 0;
  byte_budget_ = byte_budget;
}

MutableBytes PacketWriter::begin_packet(std::size_t max_size) {
  const std::size_t max_padding = min_padding + unit_ - 1;
  slot_ = output_.prepare(header + max_size + max_padding + keys_.tag());
  return slot_.subspan(header, max_size);
}

Result<> PacketWriter::end_packet(std::size_t payload_size) {
  const MutableBytes slot = std::exchange(slot_, {});
  if (payload_size == 0) return {};
  if (keys_.exhausted()) return failure(Errc::key_exhausted, "sending");

  const std::size_t aligned = keys_.aligned_length_field() + 1 + payload_size;
  std::size_t padding = unit_ - aligned % unit_;
  if (padding < min_padding) padding += unit_;
  const std::size_t length = 1 + payload_size + padding;

  store_u32(slot.data(), static_cast<std::uint32_t>(length));
  slot[length_field] = static_cast<std::byte>(padding);
  fill_padding(slot.subspan(header + payload_size, padding));
  const std::size_t size = length_field + length + keys_.tag();
  if (keys_.cipher()) keys_.cipher()->seal(sequence_, slot.first(size));
  output_.commit(size);
  ++sequence_;
  keys_.count(size);
  return {};
}

Result<> PacketWriter::write(Bytes payload) {
  const MutableBytes slot = begin_packet(payload.size());
  std::ranges::copy(payload, slot.begin());
  return end_packet(payload.size());
}

void PacketWriter::fill_padding(MutableBytes padding) noexcept {
  // Without a cipher there is nothing to hide, and stale memory must not leak.
  if (!keys_.cipher()) {
    std::ranges::fill(padding, std::byte{0});
    return;
  }
  if (padding.size() > padding_pool_.size()) return random_->fill(padding);
  if (padding_left_ < padding.size()) {
    random_->fill(padding_pool_);
    padding_left_ = padding_pool_.size();
  }
  padding_left_ -= padding.size();
  std::memcpy(padding.data(), padding_pool_.data() + padding_left_, padding.size());
}

void PacketWriter::use(std::unique_ptr<PacketCipher> cipher, std::uint64_t byte_budget,
                       bool reset_sequence) noexcept {
  keys_.use(std::move(cipher), byte_budget);
  unit_ = keys_.cipher() ? std::max(keys_.block(), wanted_unit_) : keys_.block();
  if (reset_sequence) sequence_ = 0;
}

void PacketWriter::pad_to(std::size_t unit) noexcept {
  constexpr std::size_t step = 16;  // a multiple of every cipher's block size
  static_assert(limits::padding_unit % step == 0 && limits::padding_unit + min_padding <= 255);
  wanted_unit_ =
      std::min((std::min(unit, limits::padding_unit) + step - 1) / step * step, limits::padding_unit);
}

void PacketReader::use(std::unique_ptr<PacketCipher> cipher, std::uint64_t byte_budget,
                       bool reset_sequence) noexcept {
  keys_.use(std::move(cipher), byte_budget);
  if (reset_sequence) sequence_ = 0;
}

Result<std::optional<PacketReader::Packet>> PacketReader::next(MutableBytes& input) {
  if (failed_) return discard(input);
  if (total_ == 0) {
    if (input.size() < keys_.head()) return std::nullopt;
    const auto head = read_head(input.first(keys_.head()));
    if (!head) return refuse(head.error(), keys_.head(), input);
  }
  if (input.size() < total_) return std::nullopt;

  const std::size_t size = std::exchange(total_, 0);
  auto packet = open(input.first(size));
  if (!packet) return refuse(packet.error(), size, input);
  input = input.subspan(size);
  ++sequence_;
  keys_.count(size);
  return *packet;
}

Result<> PacketReader::read_head(MutableBytes head) {
  if (keys_.exhausted()) return failure(Errc::key_exhausted, "receiving");
  const std::size_t length =
      keys_.cipher() ? keys_.cipher()->decode_length(sequence_, head) : load_u32(head.data());
  // The cap comes before anything is computed from the length or waited for (CVE-2024-43410, CVE-2026-55200).
  if (length > limits::packet_length) return failure(Errc::packet_too_big);
  if (length < min_packet_length) return failure(Errc::bad_packet, "packet_length too small");
  if ((keys_.aligned_length_field() + length) % keys_.block() != 0)
    return failure(Errc::bad_packet, "packet_length not aligned");
  total_ = length_field + length + keys_.tag();
  return {};
}

Result<PacketReader::Packet> PacketReader::open(MutableBytes packet) {
  if (keys_.cipher()) {
    const auto opened = keys_.cipher()->open(sequence_, packet);
    if (!opened) return std::unexpected(opened.error());
  }
  const std::size_t length = packet.size() - keys_.tag() - length_field;
  const auto padding = std::to_integer<std::size_t>(packet[length_field]);
  if (padding < min_padding) return failure(Errc::bad_packet, "padding too short");
  if (padding + 1 >= length) return failure(Errc::bad_packet, "no payload");
  return Packet{.payload = packet.subspan(header, length - 1 - padding), .sequence = sequence_};
}

Result<std::optional<PacketReader::Packet>> PacketReader::refuse(Error error, std::size_t used,
                                                                 MutableBytes& input) {
  // Keys that are used up and a forged length are not told apart by an outsider; only the latter is an
  // oracle.
  const bool camouflage =
      keys_.cipher() && keys_.cipher()->is_length_oracle() && error.code != Errc::key_exhausted;
  // In the end, too, the peer hears the same whichever check failed (PK-6).
  failed_ = camouflage ? Error{Errc::mac_failed} : error;
  input = input.subspan(used);
  discard_left_ = camouflage ? limits::packet_length - std::min(used, limits::packet_length) : 0;
  return discard(input);
}

Result<std::optional<PacketReader::Packet>> PacketReader::discard(MutableBytes& input) {
  const std::size_t swallowed = std::min(discard_left_, input.size());
  input = input.subspan(swallowed);
  discard_left_ -= swallowed;
  if (discard_left_ > 0) return std::nullopt;
  return std::unexpected(*failed_);
}

}  // namespace fairlead::ssh
