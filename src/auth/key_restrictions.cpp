// SPDX-License-Identifier: Apache-2.0
// The meaning of authorized_keys options.
#include "auth/key_restrictions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace fairlead::auth {
namespace {

using TimePoint = std::chrono::sys_seconds;

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, in local time or with a Z in UTC.
std::optional<TimePoint> parse_expiry(std::string_view text) {
  const bool utc = text.ends_with('Z');
  if (utc) text.remove_suffix(1);
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits || (text.size() != 8 && text.size() != 12 && text.size() != 14)) return std::nullopt;
  std::tm date{};
  date.tm_year = two_digits(text, 0) * 100 + two_digits(text, 2) - 1900;
  date.tm_mon = two_digits(text, 4) - 1;
  date.tm_mday = two_digits(text, 6);
  if (text.size() > 8) {
    date.tm_hour = two_digits(text, 8);
    date.tm_min = two_digits(text, 10);
  }
  if (text.size() > 12) date.tm_sec = two_digits(text, 12);
  date.tm_isdst = -1;
  const std::tm asked = date;
  const std::time_t seconds = utc ? ::timegm(&date) : ::mktime(&date);
  // The 31st of February became another day.
  if (date.tm_mon != asked.tm_mon || date.tm_mday != asked.tm_mday || asked.tm_hour > 23 ||
      asked.tm_min > 59 || asked.tm_sec > 59)
    return std::nullopt;
  return TimePoint(std::chrono::seconds(seconds));
}

struct Flag {
  std::string_view name;
  bool Permissions::* permission;
};
constexpr Flag flags[] = {{"pty", &Permissions::pty},
                          {"port-forwarding", &Permissions::port_forwarding},
                          {"agent-forwarding", &Permissions::agent_forwarding},
                          {"x11-forwarding", &Permissions::x11_forwarding}};

bool apply_key_flag(std::string_view name, KeyRestrictions& restrictions) {
  if (name == "cert-authority") return restrictions.authority = true;
  if (name == "no-touch-required") return restrictions.touch_required = false, true;
  if (name == "verify-required") return restrictions.verification_required = true;
  return false;
}

bool apply_flag(std::string_view name, Permissions& permissions) {
  const bool allow = !name.starts_with("no-");
  if (!allow) name.remove_prefix(3);
  for (const Flag& flag : flags) {
    if (name != flag.name) continue;
    permissions.*flag.permission = allow;
    return true;
  }
  // Nothing here runs ~/.ssh/rc.
  return name == "user-rc";
}

void restrict_all(Permissions& permissions) {
  for (const Flag& flag : flags) permissions.*flag.permission = false;
}

using Outcome = std::expected<void, std::string>;
Outcome refuse(std::string reason) {
  return std::unexpected(std::move(reason));
}

Outcome add_variable(std::string_view assignment, Permissions& permissions) {
  const std::size_t equals = assignment.find('=');
  if (equals == 0 || equals == std::string_view::npos) return refuse("environment= needs NAME=value");
  permissions.environment.emplace(assignment.substr(0, equals), assignment.substr(equals + 1));
  return {};
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  for (;;) {
    const std::size_t comma = list.find(',');
    names.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return names;
    list.remove_prefix(comma + 1);
  }
}

Outcome apply_value(const ssh::KeyOption& option, KeyRestrictions& restrictions) {
  if (option.name == "command") {
    restrictions.permissions.forced_command = *option.value;
    return {};
  }
  if (option.name == "environment") return add_variable(*option.value, restrictions.permissions);
  if (option.name == "from") {
    auto patterns = AddressPatterns::parse(*option.value);
    if (!patterns) return refuse(std::move(patterns.error()));
    restrictions.from = std::move(*patterns);
    return {};
  }
  if (option.name == "expiry-time") {
    restrictions.expires = parse_expiry(*option.value);
    if (!restrictions.expires)
      return refuse("expiry-time= needs YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, perhaps with Z");
    return {};
  }
  if (option.name == "principals") {
    restrictions.principals = split_names(*option.value);
    if (std::ranges::find(*restrictions.principals, "") != restrictions.principals->end())
      return refuse("principals= has an empty name");
    return {};
  }
  // It says which tunnel device to use; we offer none.
  if (option.name == "tunnel") return {};
  return refuse(fmt::format("option {} is not enforced by this server", option.name));
}

}  // namespace

std::expected<KeyRestrictions, std::string> interpret(const std::vector<ssh::KeyOption>& options) {
  KeyRestrictions restrictions;
  for (const ssh::KeyOption& option : options) {
    if (option.name == "restrict") {
      restrict_all(restrictions.permissions);
      continue;
    }
    if (apply_key_flag(option.name, restrictions)) continue;
    if (apply_flag(option.name, restrictions.permissions)) continue;
    if (!option.value)
      return std::unexpected(fmt::format("option {} is not enforced by this server", option.name));
    if (auto outcome = apply_value(option, restrictions); !outcome)
      return std::unexpected(std::move(outcome.error()));
  }
  // As OpenSSH: it was meant for a CA, and the key would be one to log in with.
  if (restrictions.principals && !restrictions.authority)
    return std::unexpected("option principals is for CAs, and cert-authority is missing");
  return restrictions;
}

std::string_view obstacle(const KeyRestrictions& restrictions, std::string_view address, TimePoint now) {
  if (restrictions.expires && now >= *restrictions.expires) return "the key has expired";
  if (restrictions.from && !restrictions.from->match(address))
    return "the key is not allowed from this address";
  return {};
}

std::string_view obstacle(const KeyRestrictions& restrictions, const ssh::SecurityKeyUse& use) noexcept {
  if (restrictions.touch_required && !use.touched) return "the security key was not touched";
  if (restrictions.verification_required && !use.user_verified)
    return "the security key was used without PIN or fingerprint";
  return {};
}

}  // namespace fairlead::auth
