// SPDX-License-Identifier: Apache-2.0
// Checks passwords on threads of its own, so that a hash that takes a tenth of a second holds no connection
// up.
#pragma once

#include "base/secret.hpp"

#include <fairlead/ssh/async.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace fairlead::auth {

// Of checks at once, running and queued: at a tenth of a second each, what a core works off within the login
// deadline while the rest of a flood is refused at once.
inline constexpr std::size_t max_password_checks = 256;

// Thread-safe. The destructor waits for the checks that run: destroy it before the io_contexts of its
// callers, and after they have stopped taking logins.
class PasswordChecker {
 public:
  explicit PasswordChecker(unsigned threads, std::size_t capacity = max_password_checks);
  ~PasswordChecker();

  enum class Answer : std::uint8_t { wrong, right, busy };
  // Completes on the caller's executor. `busy`: too many checks are waiting; nothing was checked.
  [[nodiscard]] ssh::Task<Answer> check(ssh::SecretBytes password, std::string hash);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fairlead::auth
