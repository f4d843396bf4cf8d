// SPDX-License-Identifier: Apache-2.0
// Matching of addresses, blocks and wildcards.
#include "auth/address_patterns.hpp"

#include <fmt/format.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace fairlead::auth {
namespace {

constexpr unsigned mapped_prefix_bits = 96;  // of ::ffff:0:0/96, where IPv4 lives

bool same_prefix(const Address& a, const Address& b, unsigned bits) {
  const unsigned bytes = bits / 8;
  if (std::memcmp(a.data(), b.data(), bytes) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xFFU << (8 - bits % 8) & 0xFFU;
  return ((a[bytes] ^ b[bytes]) & mask) == 0;
}

bool has_bits_after(const Address& address, unsigned bits) {
  for (unsigned bit = bits; bit < 128; ++bit)
    if ((address[bit / 8] >> (7 - bit % 8) & 1) != 0) return true;
  return false;
}

bool is_ipv4(std::string_view text) {
  return text.find(':') == std::string_view::npos;
}

// As the kernel prints it: what wildcards are compared with.
std::string canonical(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const Address v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  const bool mapped = same_prefix(address, v4_prefix, mapped_prefix_bits);
  ::inet_ntop(mapped ? AF_INET : AF_INET6, address.data() + (mapped ? 12 : 0), text, sizeof text);
  return text;
}

// Linear in both: after a mismatch only the last star is tried again.
bool wildcard_match(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, restart = 0;
  while (t < text.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      restart = t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++restart;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string zero_ended(text);
  Address address{};
  if (::inet_pton(AF_INET6, zero_ended.c_str(), address.data()) == 1) return address;
  address = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (::inet_pton(AF_INET, zero_ended.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

std::expected<AddressPatterns::Pattern, std::string> AddressPatterns::parse_one(std::string_view text) {
  const auto refuse = [text](const char* reason) {
    return std::unexpected(fmt::format("from=\"{}\" {}", text, reason));
  };
  Pattern pattern;
  pattern.negated = text.starts_with('!');
  const std::string_view positive = text.substr(pattern.negated ? 1 : 0);
  if (positive.empty()) return refuse("has an empty pattern");
  if (positive.find_first_of("*?") != std::string_view::npos) {
    if (positive.find_first_not_of("0123456789abcdef:.*?") != std::string_view::npos)
      return refuse("is not a pattern of addresses: host names are not resolved");
    pattern.wildcard = positive;
    return pattern;
  }
  const std::size_t slash = positive.find('/');
  const std::string_view host = positive.substr(0, slash);
  const auto address = parse_address(host);
  if (!address) return refuse("is not an address: host names are not resolved");
  pattern.network = *address;
  pattern.bits = 128;
  if (slash == std::string_view::npos) return pattern;
  const std::string_view length = positive.substr(slash + 1);
  const unsigned most = is_ipv4(host) ? 32 : 128;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), pattern.bits);
  if (error != std::errc() || end != length.data() + length.size() || pattern.bits > most)
    return refuse("has a bad prefix length");
  pattern.bits += 128 - most;
  if (has_bits_after(pattern.network, pattern.bits)) return refuse("has bits set behind its prefix length");
  return pattern;
}

std::expected<AddressPatterns, std::string> AddressPatterns::parse(std::string_view list) {
  AddressPatterns result;
  for (;;) {
    const std::size_t comma = list.find(',');
    auto pattern = parse_one(list.substr(0, comma));
    if (!pattern) return std::unexpected(std::move(pattern.error()));
    result.patterns_.push_back(std::move(*pattern));
    if (comma == std::string_view::npos) return result;
    list.remove_prefix(comma + 1);
  }
}

bool AddressPatterns::match(std::string_view text) const {
  const auto address = parse_address(text);
  if (!address) return false;
  const auto matches = [&, shown = canonical(*address)](const Pattern& pattern) {
    return pattern.wildcard.empty() ? same_prefix(pattern.network, *address, pattern.bits)
                                    : wildcard_match(pattern.wildcard, shown);
  };
  bool admitted = false;
  for (const Pattern& pattern : patterns_) {
    if (!matches(pattern)) continue;
    if (pattern.negated) return false;
    admitted = true;
  }
  return admitted;
}

}  // namespace fairlead::auth
