// SPDX-License-Identifier: Apache-2.0
// Parsing of scalars. Everything is bounded: no value overflows, whatever the text.
#include "config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

namespace fairlead::config {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 7> duration_units{
    {{"ns", 1}, {"us", 1e3}, {"µs", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Digits with at most one dot in between, from the front of `text`.
std::optional<double> take_decimal(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + end, value, std::chars_format::fixed);
  if (error != std::errc() || stop != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return value;
}

std::optional<double> duration_unit(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find_first_of("0123456789."), text.size());
  const auto unit = std::ranges::find(duration_units, text.substr(0, end), &Unit::name);
  if (unit == duration_units.end()) return std::nullopt;
  text.remove_prefix(end);
  return unit->factor;
}

std::optional<double> size_unit(std::string_view text) noexcept {
  std::string_view suffix = text;
  if (!suffix.empty() && lower(suffix.back()) == 'b') suffix.remove_suffix(1);
  if (suffix.size() == 2 && lower(suffix.back()) == 'i') suffix.remove_suffix(1);
  if (suffix.empty()) return text.size() <= 1 ? std::optional(1.0) : std::nullopt;
  const std::size_t power = std::string_view("kmgt").find(lower(suffix.front()));
  if (suffix.size() != 1 || power == std::string_view::npos) return std::nullopt;
  return std::pow(1024.0, static_cast<double>(power + 1));
}

template <class T>
std::optional<T> parse_integer(std::string_view text) noexcept {
  int base = 10;
  if (text.starts_with("0x")) base = 16;
  if (text.starts_with("0o")) base = 8;
  if (base != 10) text.remove_prefix(2);
  T value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

// Optimal string alignment: insertions, deletions, replacements and swapped neighbours each count one.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), previous(b.size() + 1), current(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
      current[j] = std::min({previous[j] + 1, current[j - 1] + 1, previous[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        current[j] = std::min(current[j], before[j - 2] + 1);
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  // Half of what the type holds: sums of two durations stay in range.
  constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max() / 2;
  if (const auto nanoseconds = parse_integer<std::int64_t>(text))
    return *nanoseconds >= 0 && *nanoseconds < longest ? std::optional(Duration(*nanoseconds)) : std::nullopt;
  long double total = 0;  // holds every nanosecond of the type exactly
  do {
    const auto count = take_decimal(text);
    const auto unit = count ? duration_unit(text) : std::nullopt;
    if (!unit) return std::nullopt;
    total += static_cast<long double>(*count) * *unit;
  } while (!text.empty());
  if (!(total < static_cast<long double>(longest))) return std::nullopt;
  return Duration(static_cast<std::int64_t>(std::llroundl(total)));
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
  if (const auto bytes = parse_unsigned(text)) return bytes;
  const auto count = take_decimal(text);
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  const auto unit = count ? size_unit(text) : std::nullopt;
  if (!unit) return std::nullopt;
  const double bytes = *count * *unit;
  if (!(bytes < 9e18)) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::uint64_t> parse_unsigned(std::string_view text) noexcept {
  return parse_integer<std::uint64_t>(text);
}

std::optional<std::int64_t> parse_signed(std::string_view text) noexcept {
  return parse_integer<std::int64_t>(text);
}

std::optional<double> parse_real(std::string_view text) noexcept {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::optional<bool> parse_boolean(std::string_view text) noexcept {
  for (const std::string_view yes : {"true", "yes", "on"})
    if (equal_ignoring_case(text, yes)) return true;
  for (const std::string_view no : {"false", "no", "off"})
    if (equal_ignoring_case(text, no)) return false;
  return std::nullopt;
}

bool is_listen_address(std::string_view text) noexcept {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = parse_unsigned(text.substr(colon + 1));
  const std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  return port && *port <= 65535 && (bracketed || host.find(':') == std::string_view::npos);
}

std::string to_text(Duration duration) {
  std::int64_t rest = duration.count();
  if (rest == 0) return "0s";
  constexpr std::array<std::pair<std::int64_t, const char*>, 6> parts{{{3'600'000'000'000, "h"},
                                                                       {60'000'000'000, "m"},
                                                                       {1'000'000'000, "s"},
                                                                       {1'000'000, "ms"},
                                                                       {1'000, "us"},
                                                                       {1, "ns"}}};
  std::string text;
  for (const auto& [size, name] : parts) {
    if (rest / size > 0) text.append(std::to_string(rest / size)).append(name);
    rest %= size;
  }
  return text;
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

std::string_view closest(std::string_view name, std::span<const std::string> known) {
  constexpr std::size_t longest_name =
      64;  // longer ones are no typing mistakes, and the comparison is quadratic
  if (name.size() > longest_name) return {};
  std::string_view best;
  std::size_t nearest = std::max<std::size_t>(name.size() / 3, 1) + 1;  // a third of the letters may be wrong
  for (const std::string& candidate : known) {
    const std::size_t wrong = distance(name, candidate);
    if (wrong < nearest) {
      nearest = wrong;
      best = candidate;
    }
  }
  return best;
}

}  // namespace fairlead::config
