// SPDX-License-Identifier: Apache-2.0
// Requests of the peer that want a reply, in the peer's order: answers may come in any order and leave in
// this one.
#pragma once

#include <fairlead/ssh/bytes.hpp>
#include <fairlead/ssh/error.hpp>
#include <fairlead/ssh/limits.hpp>

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace fairlead::ssh {

// RFC 4254 sections 4 and 5.4: replies carry no number, so their order is all that tells them apart. Holds no
// memory while empty. Ticket 0 is never given out first and stands for "no reply wanted".
class TicketQueue {
 public:
  struct Answer {
    bool success = false;
    std::vector<std::byte> payload;
  };

  // A request arrived: its ticket, or nothing when it is refused already because `most` wait for the
  // application.
  [[nodiscard]] Result<std::optional<std::uint32_t>> push(std::size_t most) {
    const bool refused = waiting_ >= most;
    if (refused) {
      if (auto pushed = push_refused(); !pushed) return std::unexpected(pushed.error());
      return std::nullopt;
    }
    ++waiting_;
    entries_.push_back({.waiting = true, .answer = {}});
    return first_ + static_cast<std::uint32_t>(entries_.size() - 1);
  }

  // A request that is refused without asking; the refusal still has to wait for its turn.
  [[nodiscard]] Result<> push_refused() {
    if (entries_.size() >= limits::unanswered_requests + limits::refused_requests)
      return failure(Errc::unexpected_message, "too many unanswered requests");
    entries_.push_back({.waiting = false, .answer = {}});
    return {};
  }

  // The first answer counts; unknown tickets are ignored.
  void answer(std::uint32_t ticket, bool success, Bytes payload = {}) {
    const std::uint32_t index = ticket - first_;
    if (index >= entries_.size() || !entries_[index].waiting) return;
    entries_[index].waiting = false;
    entries_[index].answer = {success, {payload.begin(), payload.end()}};
    --waiting_;
  }

  // The next answer that may leave.
  [[nodiscard]] std::optional<Answer> pop() {
    if (entries_.empty() || entries_.front().waiting) return std::nullopt;
    Answer answer = std::move(entries_.front().answer);
    entries_.erase(entries_.begin());
    ++first_;
    if (entries_.empty()) entries_ = {};
    return answer;
  }

  // Nothing will be answered any more.
  void clear() noexcept {
    first_ += static_cast<std::uint32_t>(entries_.size());
    entries_ = {};
    waiting_ = 0;
  }

 private:
  struct Entry {
    bool waiting = true;
    Answer answer;
  };

  std::vector<Entry> entries_;
  std::uint32_t first_ = 1;  // the ticket of entries_.front()
  std::uint32_t waiting_ = 0;
};

}  // namespace fairlead::ssh
