// SPDX-License-Identifier: Apache-2.0
// The channels of one connection by our own numbers, which are small and reused after both sides have closed.
#pragma once

#include "protocol/channel_state.hpp"
#include "protocol/engine.hpp"
#include "protocol/flow_window.hpp"
#include "protocol/ticket_queue.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace fairlead::ssh {

struct ChannelRecord {
  explicit ChannelRecord(ChannelState initial) noexcept : state(initial) {}

  ChannelState state;
  std::uint32_t peer_id = 0;
  std::uint32_t peer_max_packet = 0;
  SendWindow send_window;
  ReceiveWindow receive_window;
  TicketQueue requests;                // of the peer
  std::uint32_t replies_expected = 0;  // to requests of ours
};

// Records stay where they are until they are erased.
class ChannelTable {
 public:
  explicit ChannelTable(std::size_t limit) noexcept : limit_(limit) {}

  // Numbers come from the peer: null when there is no such channel.
  [[nodiscard]] ChannelRecord* find(ChannelId id) const noexcept {
    return id < slots_.size() ? slots_[id].get() : nullptr;
  }
  [[nodiscard]] bool full() const noexcept { return count_ >= limit_; }
  // Takes the lowest free number. Not when full().
  ChannelId insert(ChannelState state);
  void erase(ChannelId id) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  // Channels that the peer wants to open and nobody has decided on.
  [[nodiscard]] std::size_t undecided() const noexcept;

 private:
  std::vector<std::unique_ptr<ChannelRecord>> slots_;
  std::size_t limit_;
  std::size_t count_ = 0;
};

}  // namespace fairlead::ssh
