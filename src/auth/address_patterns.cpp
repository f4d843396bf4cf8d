// SPDX-License-Identifier: Apache-2.0
// Matching of addresses, blocks and wildcards.
#include "auth/address_patterns.hpp"

#include "base/wildcard.hpp"

#include <fmt/format.h>

namespace fairlead::auth {

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
  const auto network = ssh::Network::parse(positive);
  if (!network) return refuse(network.error());
  pattern.network = *network;
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
  const auto address = ssh::parse_address(text);
  if (!address) return false;
  const auto matches = [&, shown = ssh::to_text(*address)](const Pattern& pattern) {
    return pattern.wildcard.empty() ? pattern.network.contains(*address)
                                    : ssh::wildcard_match(pattern.wildcard, shown);
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
