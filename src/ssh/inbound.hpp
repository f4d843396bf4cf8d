// SPDX-License-Identifier: Apache-2.0
// Data of one channel that has arrived and that the application has not read: standard and extended data in
// their order.
#pragma once

#include "base/byte_buffer.hpp"

#include <fairlead/ssh/connection.hpp>

#include <cstdint>
#include <vector>

namespace fairlead::ssh {

// Bounded by the channel's receive window. The order costs 4 bytes per change of kind, so a peer that changes
// with every byte makes us hold five times the window and no more. Holds no memory when empty.
class Inbound {
 public:
  void add(StreamType type, Bytes data);
  // The oldest bytes that are of one kind, as many as fit. Size 0 only when empty or `to` is.
  [[nodiscard]] Chunk take(MutableBytes to);
  // Drops everything; returns how much it was.
  std::size_t drop() noexcept;
  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }
  // The kind of the oldest bytes; only when not empty.
  [[nodiscard]] StreamType front() const noexcept { return runs_[first_run_].type(); }

 private:
  struct Run {
    std::uint32_t extended : 1;
    std::uint32_t size : 31;  // a window is at most limits::largest_window
    [[nodiscard]] StreamType type() const noexcept {
      return extended ? StreamType::stderr_ : StreamType::standard;
    }
  };
  void release() noexcept;

  ByteBuffer bytes_;
  std::vector<Run> runs_;
  std::size_t first_run_ = 0;
};

}  // namespace fairlead::ssh
