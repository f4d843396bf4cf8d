// SPDX-License-Identifier: Apache-2.0
// Passwords as crypt(3) hashes: which are good enough, making new ones, and comparing. All of it blocks and
// takes tenths of a second: on a connection's thread use PasswordChecker (auth/password_checker.hpp).
#pragma once

#include "base/secret.hpp"

#include <expected>
#include <string>
#include <string_view>

namespace fairlead::auth {

// yescrypt, sha512crypt and bcrypt are accepted; anything else is refused with a sentence that says what to
// do.
[[nodiscard]] std::expected<void, std::string> check_hash_format(std::string_view hash);

// False for a wrong password, and for one that is empty, holds a NUL or is longer than limits::password.
[[nodiscard]] bool password_matches(ssh::Bytes password, const std::string& hash);

// yescrypt with libcrypt's cost and a fresh salt. The error is a sentence.
[[nodiscard]] std::expected<std::string, std::string> hash_password(ssh::Bytes password);

// For `fairlead hash-password`: from a terminal asks twice without echo (prompts on the terminal), else reads
// the first line of `descriptor`. The error is a sentence.
[[nodiscard]] std::expected<ssh::SecretBytes, std::string> read_new_password(int descriptor);

}  // namespace fairlead::auth
