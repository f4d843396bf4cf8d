// SPDX-License-Identifier: Apache-2.0
// One-time codes by time (RFC 6238): a secret that the server and the user's authenticator application share.
#pragma once

#include "base/secret.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace fairlead::auth {

class Totp {
 public:
  enum class Hash : std::uint8_t { sha1, sha256, sha512 };
  static constexpr std::chrono::seconds step{30};
  // Clocks are off, and people type: the code before and the one after are right, too (section 5.2).
  static constexpr std::uint64_t steps_around = 1;

  // The secret in base32, or an otpauth://totp/ URI with its secret, algorithm and digits (6 or 8). The error
  // is a reason without a full stop, and holds nothing of the secret.
  [[nodiscard]] static std::expected<Totp, std::string> parse(std::string_view text);
  // With a secret as long as the hash (RFC 4226 section 4, R6). `digits` is 6 or 8.
  [[nodiscard]] static Totp generate(Hash hash, unsigned digits);

  // The code of one step: counted from the epoch.
  [[nodiscard]] ssh::SecretBytes code(std::uint64_t step_number) const;
  // The first step after `after` and around `now` whose code this is; blanks in it do not count. Takes the
  // same time for every wrong code.
  [[nodiscard]] std::optional<std::uint64_t> match(ssh::Bytes typed, std::chrono::sys_seconds now,
                                                   std::uint64_t after) const;
  // What applications read from a QR code. Holds the secret.
  [[nodiscard]] std::string uri(std::string_view issuer, std::string_view account) const;

 private:
  Totp(ssh::SecretBytes secret, Hash hash, unsigned digits)
      : secret_(std::move(secret)), hash_(hash), digits_(digits) {}
  [[nodiscard]] static std::expected<Totp, std::string> parse_uri(std::string_view rest);

  ssh::SecretBytes secret_;
  Hash hash_;
  unsigned digits_;
};

}  // namespace fairlead::auth
