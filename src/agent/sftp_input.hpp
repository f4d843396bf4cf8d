// SPDX-License-Identifier: Apache-2.0
// SftpInput: the client's bytes, cut into packets.
#pragma once

#include "agent/sftp_protocol.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <memory>
#include <optional>

namespace fairlead::agent::sftp {

// Read into space(), say how much with received(), then take packets with next() until there is none.
class SftpInput {
 public:
  // Never empty when next() has returned nothing and broken() is false.
  [[nodiscard]] ssh::MutableBytes space();
  void received(std::size_t size) { end_ += size; }

  // The next whole packet without its length field; valid until space() is called.
  [[nodiscard]] std::optional<ssh::Bytes> next();
  // A packet was announced that is too long or empty: what follows cannot be understood.
  [[nodiscard]] bool broken() const { return broken_; }
  // No part of a packet is waiting.
  [[nodiscard]] bool empty() const { return begin_ == end_; }

 private:
  // Room for the longest packet behind the rest of another, and for many small ones at once.
  static constexpr std::size_t capacity = 2 * (longest_packet + sizeof(std::uint32_t));

  std::unique_ptr<std::byte[]> memory_{new std::byte[capacity]};
  std::size_t begin_ = 0, end_ = 0;
  bool broken_ = false;
};

}  // namespace fairlead::agent::sftp
