// SPDX-License-Identifier: Apache-2.0
// One account for each user who has shown a code.
#include "auth/totp_checker.hpp"

#include "auth/used_codes.hpp"

#include <algorithm>
#include <utility>

namespace fairlead::auth {
namespace {

std::chrono::seconds pause_after(unsigned mistakes) {
  auto pause = first_totp_pause;
  for (unsigned i = free_totp_mistakes; i < mistakes && pause < longest_totp_pause; ++i) pause *= 2;
  return std::min(pause, longest_totp_pause);
}

}  // namespace

TotpChecker::Answer TotpChecker::check(const std::string& user, const Totp& totp, ssh::Bytes code,
                                       std::chrono::sys_seconds now) {
  const std::lock_guard lock(mutex_);
  if (unreadable_) return Answer::unsafe;
  Account& account = accounts_[user];
  const auto step = totp.match(code, now, account.last_step);
  if (now < account.closed_until) return Answer::blocked;
  if (step) {
    account = {.last_step = *step, .mistakes = 0, .closed_until = {}};
    return keep(now) ? Answer::right : Answer::unsafe;
  }
  // Whoever shows a code twice guesses nothing.
  if (totp.match(code, now, 0)) return Answer::used;
  if (++account.mistakes >= free_totp_mistakes) account.closed_until = now + pause_after(account.mistakes);
  return Answer::wrong;
}

void TotpChecker::keep_in(std::string file) {
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
  const auto steps = load_used_steps(file_);
  unreadable_ = !steps.has_value();
  problem_ = steps ? "" : steps.error();
  if (!steps) return;
  for (const auto& [user, step] : *steps) accounts_[user].last_step = step;
}

std::string TotpChecker::problem() const {
  const std::lock_guard lock(mutex_);
  return problem_;
}

bool TotpChecker::keep(std::chrono::sys_seconds now) {
  if (file_.empty()) return true;
  UsedSteps steps;
  for (const auto& [user, account] : accounts_) steps.emplace(user, account.last_step);
  const auto current = static_cast<std::uint64_t>(now.time_since_epoch() / Totp::step);
  const auto stored = store_used_steps(file_, format_used_steps(steps, current));
  problem_ = stored ? "" : stored.error();
  return stored.has_value();
}

}  // namespace fairlead::auth
