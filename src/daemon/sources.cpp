// SPDX-License-Identifier: Apache-2.0
// Counting, penalties, and forgetting them.
#include "daemon/sources.hpp"

#include <algorithm>
#include <array>

namespace fairlead::daemon {
namespace {

// OpenSSH's PerSourcePenalties max-sources. A full table admits new sources without remembering them: it must
// not become a way to lock everybody out.
constexpr std::size_t most_sources = 65536;
// A full table is searched for what may go at most so often.
constexpr std::chrono::seconds between_sweeps{1};
// OpenSSH's MaxStartups 10:30:100: how many of a hundred are dropped where dropping begins.
constexpr std::size_t first_drop_rate = 30;

// A site of IPv6 has 2^64 addresses to itself: it is one source.
ssh::Address block_of(ssh::Address address) {
  constexpr std::array<std::uint8_t, 12> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (!std::equal(v4_prefix.begin(), v4_prefix.end(), address.begin()))
    std::fill(address.begin() + 8, address.end(), std::uint8_t{0});
  return address;
}

bool dropped_early(std::size_t waiting, std::size_t full, unsigned dice) {
  const std::size_t begin = full / 2;
  if (waiting < begin || full == begin) return false;
  const std::size_t rate = first_drop_rate + (100 - first_drop_rate) * (waiting - begin) / (full - begin);
  return dice < rate;
}

config::Duration penalty_for(Ending ending, const config::PerSource& each) {
  switch (ending) {
    case Ending::logged_in:
    case Ending::unavailable:
      break;
    case Ending::no_attempt:
      return each.no_attempt;
    case Ending::auth_failed:
      return each.auth_failed;
    case Ending::grace_exceeded:
      return each.grace_exceeded;
    case Ending::protocol_error:
      return each.protocol_error;
  }
  return {};
}

}  // namespace

std::expected<std::shared_ptr<const SourceRules>, std::string> make_source_rules(const config::Ssh& ssh) {
  auto rules = std::make_shared<SourceRules>();
  rules->max_unauthenticated = ssh.max_unauthenticated;
  rules->each = ssh.per_source;
  std::string list;
  for (const std::string& pattern : ssh.per_source.exempt) list += (list.empty() ? "" : ",") + pattern;
  if (list.empty()) return rules;
  auto patterns = auth::AddressPatterns::parse(list);
  if (!patterns) return std::unexpected("ssh.perSource.exempt (" + patterns.error() + ")");
  rules->exempt = std::move(*patterns);
  return rules;
}

std::expected<Sources::Visit, Turned> Sources::admit(const std::string& address, Rules rules,
                                                     Clock::time_point now, unsigned dice) {
  const bool exempt = rules->exempt.match(address);
  const auto parsed = ssh::parse_address(address);
  const std::scoped_lock lock(mutex_);
  if (waiting_ >= rules->max_unauthenticated)
    return std::unexpected(Turned{.why = "ssh.maxUnauthenticated is reached", .no_room = true});
  if (dropped_early(waiting_, rules->max_unauthenticated, dice))
    return std::unexpected(Turned{"ssh.maxUnauthenticated is near: one of many is dropped"});
  std::optional<ssh::Address> block;
  if (parsed && !exempt) block = block_of(*parsed);
  Source* const source = block ? find_or_add(*block, now) : nullptr;
  if (source == nullptr) {
    block.reset();
  } else {
    source->turned_away = source->turned_away && now < source->penalty_end;
    if (source->turned_away)
      return std::unexpected(Turned{"this source has to wait (ssh.perSource.penalties)"});
    if (source->waiting >= rules->each.max_unauthenticated)
      return std::unexpected(Turned{.why = "ssh.perSource.maxUnauthenticated is reached", .no_room = true});
    ++source->waiting;
  }
  ++waiting_;
  return Visit(*this, block, std::move(rules));
}

Sources::Source* Sources::find_or_add(const ssh::Address& block, Clock::time_point now) {
  const auto found = sources_.find(block);
  if (found != sources_.end()) return &found->second;
  if (sources_.size() >= most_sources) forget_harmless(now);
  return sources_.size() < most_sources ? &sources_[block] : nullptr;
}

void Sources::forget_harmless(Clock::time_point now) {
  if (now - last_sweep_ < between_sweeps) return;
  last_sweep_ = now;
  std::erase_if(sources_, [now](const auto& entry) {
    return entry.second.waiting == 0 && entry.second.penalty_end <= now;
  });
}

std::optional<Sources::Clock::duration> Sources::Visit::end(Ending ending, Clock::time_point now) {
  if (sources_ == nullptr) return std::nullopt;
  return std::exchange(sources_, nullptr)->leave(*this, ending, now);
}

std::optional<Sources::Clock::duration> Sources::leave(const Visit& visit, Ending ending,
                                                       Clock::time_point now) {
  const std::scoped_lock lock(mutex_);
  --waiting_;
  if (!visit.source_) return std::nullopt;
  const auto place = sources_.find(*visit.source_);
  Source& source = place->second;
  --source.waiting;
  const config::PerSource& each = visit.rules_->each;
  const auto penalty = penalty_for(ending, each);
  if (penalty > config::Duration::zero()) {
    source.penalty_end = std::min(std::max(source.penalty_end, now) + penalty, now + each.longest);
    const bool already = source.turned_away;
    source.turned_away = already || source.penalty_end - now >= each.threshold;
    if (source.turned_away && !already) return source.penalty_end - now;
  } else if (source.waiting == 0 && source.penalty_end <= now) {
    sources_.erase(place);
  }
  return std::nullopt;
}

std::size_t Sources::remembered() const {
  const std::scoped_lock lock(mutex_);
  return sources_.size();
}

}  // namespace fairlead::daemon
