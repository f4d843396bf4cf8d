// SPDX-License-Identifier: Apache-2.0
// Data of one channel that has arrived and that the application has not read: standard and extended data in
// their order.
//
//   add() ─► back ──(when front is empty)──► front ─► view() or take()
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
  // The oldest bytes that are of one kind; empty only when nothing is there. They stay where they are until
  // consume(), whatever arrives meanwhile.
  [[nodiscard]] View view();
  // Not more than view() has shown.
  void consume(std::size_t size);
  // The same with a copy, as much as fits.
  [[nodiscard]] Chunk take(MutableBytes to);
  // Forgets what view() has not shown.
  void drop_unseen() noexcept { back_.release(); }
  [[nodiscard]] bool empty() const noexcept { return front_.bytes.empty() && back_.bytes.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return front_.bytes.size() + back_.bytes.size(); }

 private:
  struct Run {
    std::uint32_t extended : 1;
    std::uint32_t size : 31;  // a window is at most limits::largest_window
    [[nodiscard]] StreamType type() const noexcept {
      return extended ? StreamType::stderr_ : StreamType::standard;
    }
  };
  struct Half {
    ByteBuffer bytes;
    std::vector<Run> runs;
    std::size_t first_run = 0;
    void release() noexcept;
  };

  Half front_, back_;
};

}  // namespace fairlead::ssh
