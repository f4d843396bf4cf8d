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

// Thread-safe. Remembers as many users as the users file has. A restart forgets mistakes, and used codes only
// without a file.
class TotpChecker {
 public:
  // `unsafe`: it may have been used before, or could be again (see problem()), so it is not accepted.
  enum class Answer : std::uint8_t { wrong, right, used, blocked, unsafe };
  // Before the first check: begins with the used codes in `file` (used_codes.hpp) and writes each there
  // before it is accepted. With a file that cannot be read no code is accepted until a restart.
  void keep_in(std::string file);
  // Empty, or a sentence on the file.
  [[nodiscard]] std::string problem() const;
  [[nodiscard]] Answer check(const std::string& user, const Totp& totp, ssh::Bytes code,
                             std::chrono::sys_seconds now);

 private:
  struct Account {
    std::uint64_t last_step = 0;  // whose code was accepted; steps before it are over, too
    unsigned mistakes = 0;
    std::chrono::sys_seconds closed_until{};
  };
  [[nodiscard]] bool keep(std::chrono::sys_seconds now);

  mutable std::mutex mutex_;
  std::map<std::string, Account> accounts_;
  std::string file_;  // empty: none
  std::string problem_;
  bool unreadable_ = false;
};

}  // namespace fairlead::auth
