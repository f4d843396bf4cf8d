// SPDX-License-Identifier: Apache-2.0
// The text of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT) as data. What the options mean
// is decided by whoever admits the key.
#pragma once

#include <fairlead/ssh/keys.hpp>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::ssh {

struct KeyOption {
  std::string name;                  // lower case; one of those listed in authorized_keys.cpp
  std::optional<std::string> value;  // without its quotes; set exactly for the options that take one

  friend bool operator==(const KeyOption&, const KeyOption&) = default;
};

struct AuthorizedKeyLine {
  std::vector<KeyOption> options;  // in the order written: later flags change what earlier ones said
  PublicKey key;
  std::string comment;
  std::size_t line = 0;  // from 1
};

struct AuthorizedKeysProblem {
  std::size_t line = 0;
  std::string reason;  // printable, one line
};

struct AuthorizedKeys {
  std::vector<AuthorizedKeyLine> keys;
  std::vector<AuthorizedKeysProblem>
      problems;  // lines that admit nobody: unknown options, bad keys, bad quoting
};

// Never fails as a whole: a bad line costs that line only. Over max_authorized_keys bytes (crypto/limits.hpp)
// nothing is read, and the one problem says so.
[[nodiscard]] AuthorizedKeys parse_authorized_keys(std::string_view text);

// The first field of a line alone: a comma-separated list, empty for none. The error is a reason as above.
[[nodiscard]] std::expected<std::vector<KeyOption>, std::string> parse_key_options(std::string_view text);

}  // namespace fairlead::ssh
