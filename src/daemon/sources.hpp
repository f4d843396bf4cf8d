// SPDX-License-Identifier: Apache-2.0
// Who is knocking: connections that have not logged in yet, in all and by source address, and what the
// sources of failed ones have to wait (security.md TH-15).
#pragma once

#include "auth/address_patterns.hpp"
#include "base/network.hpp"
#include "config/config.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace fairlead::daemon {

// How the time before the login ended.
enum class Ending : std::uint8_t {
  logged_in,
  unavailable,  // nobody could say whether the client may (UA-19)
  no_attempt,
  auth_failed,
  grace_exceeded,
  protocol_error,
};

// Why a connection may not stay.
struct Turned {
  const char* why;       // a sentence, for the log
  bool no_room = false;  // one that its client may hear: others are in its place
};

struct SourceRules {
  std::size_t max_unauthenticated = 0;  // of all sources together
  config::PerSource each;
  auth::AddressPatterns exempt;  // each.exempt, understood
};
// The error is a sentence.
[[nodiscard]] std::expected<std::shared_ptr<const SourceRules>, std::string> make_source_rules(
    const config::Ssh& ssh);

// Thread-safe; outlives its visits. The clock is the caller's.
class Sources {
 public:
  using Clock = std::chrono::steady_clock;
  using Rules = std::shared_ptr<const SourceRules>;

  // One connection before its login, counted until it ends. Dropped, it has ended without an attempt.
  class Visit {
   public:
    Visit(Visit&& other) noexcept
        : sources_(std::exchange(other.sources_, nullptr)),
          source_(other.source_),
          rules_(std::move(other.rules_)) {}
    Visit& operator=(Visit&&) = delete;
    ~Visit() { end(Ending::no_attempt, Clock::now()); }
    // Later calls do nothing. How long the source is turned away, if it is from now on.
    std::optional<Clock::duration> end(Ending ending, Clock::time_point now);

   private:
    friend class Sources;
    Visit(Sources& sources, std::optional<ssh::Address> source, Rules rules)
        : sources_(&sources), source_(source), rules_(std::move(rules)) {}
    Sources* sources_;
    std::optional<ssh::Address> source_;  // not of one that is exempt, or not remembered
    Rules rules_;
  };

  // `dice` is a random number below 100: in the upper half of the limit a growing part of all connections is
  // dropped, so that whoever holds many open cannot keep the others out for certain.
  [[nodiscard]] std::expected<Visit, Turned> admit(const std::string& address, Rules rules,
                                                   Clock::time_point now, unsigned dice);
  [[nodiscard]] std::size_t remembered() const;

 private:
  struct Source {
    std::size_t waiting = 0;
    Clock::time_point penalty_end{};
    bool turned_away = false;  // until penalty_end
  };

  [[nodiscard]] Source* find_or_add(const ssh::Address& block, Clock::time_point now);
  void forget_harmless(Clock::time_point now);
  [[nodiscard]] std::optional<Clock::duration> leave(const Visit& visit, Ending ending,
                                                     Clock::time_point now);

  mutable std::mutex mutex_;
  // A tree, because whoever owns many addresses could make them collide in a hash table.
  std::map<ssh::Address, Source> sources_;
  std::size_t waiting_ = 0;
  Clock::time_point last_sweep_{};
};

}  // namespace fairlead::daemon
