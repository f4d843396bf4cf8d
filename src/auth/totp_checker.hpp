// SPDX-License-Identifier: Apache-2.0
// What makes a one-time code safe: it counts once, and nobody may go on guessing (RFC 6238 section 5.2, RFC
// 4226 section 7.3).
#pragma once

#include "auth/totp.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace fairlead::auth {

// So many wrong codes in a row are mistakes; after them each one closes the user's door for a while, twice as
// long each time. Codes are asked for after another factor was right, so only who has that can close it.
inline constexpr unsigned free_totp_mistakes = 5;
inline constexpr std::chrono::seconds first_totp_pause{30}, longest_totp_pause{900};

// Thread-safe. Remembers as many users as the users file has; a restart forgets, so that a code that was used
// within the last 90 seconds may be used once more.
class TotpChecker {
 public:
  enum class Answer : std::uint8_t { wrong, right, used, blocked };
  [[nodiscard]] Answer check(const std::string& user, const Totp& totp, ssh::Bytes code,
                             std::chrono::sys_seconds now);

 private:
  struct Account {
    std::uint64_t last_step = 0;  // whose code was accepted; steps before it are over, too
    unsigned mistakes = 0;
    std::chrono::sys_seconds closed_until{};
  };
  std::mutex mutex_;
  std::map<std::string, Account> accounts_;
};

}  // namespace fairlead::auth
