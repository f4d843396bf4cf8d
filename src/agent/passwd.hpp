// SPDX-License-Identifier: Apache-2.0
// /etc/passwd and /etc/group of the image, read by our own hands: a static program has no NSS, and the files
// are hostile.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fairlead::agent {

// One line of passwd(5). Lines with a missing field or a number out of range do not count.
struct PasswdEntry {
  std::string name;
  uid_t uid = 0;
  gid_t gid = 0;
  std::string home, shell;
};

// Both look through the text line by line; the first match wins, as in glibc.
[[nodiscard]] std::optional<PasswdEntry> find_user(std::string_view passwd, std::string_view name);
[[nodiscard]] std::optional<PasswdEntry> find_user(std::string_view passwd, uid_t uid);

[[nodiscard]] std::optional<gid_t> find_group(std::string_view group, std::string_view name);
// Empty when there is none.
[[nodiscard]] std::string find_group_name(std::string_view group, gid_t gid);
// The groups that list the user as a member, without duplicates; at most limits::supplementary_groups.
[[nodiscard]] std::vector<gid_t> groups_of(std::string_view group, std::string_view user);

// Decimal and below 2^32 - 1, which the kernel keeps for "unchanged".
[[nodiscard]] std::optional<std::uint32_t> parse_id(std::string_view text);

// The file's first limits::account_file bytes; empty when it cannot be read. Only regular files are read.
[[nodiscard]] std::string read_account_file(const char* path);

}  // namespace fairlead::agent
