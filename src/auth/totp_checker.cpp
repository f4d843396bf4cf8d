// SPDX-License-Identifier: Apache-2.0
// One account for each user who has shown a code.
#include "auth/totp_checker.hpp"

#include <algorithm>

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
  Account& account = accounts_[user];
  const auto step = totp.match(code, now, account.last_step);
  if (now < account.closed_until) return Answer::blocked;
  if (step) {
    account = {.last_step = *step, .mistakes = 0, .closed_until = {}};
    return Answer::right;
  }
  // Whoever shows a code twice guesses nothing.
  if (totp.match(code, now, 0)) return Answer::used;
  if (++account.mistakes >= free_totp_mistakes) account.closed_until = now + pause_after(account.mistakes);
  return Answer::wrong;
}

}  // namespace fairlead::auth
