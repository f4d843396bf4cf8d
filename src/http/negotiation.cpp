// SPDX-License-Identifier: Apache-2.0
// Accept headers: media ranges with their weights.
#include "http/negotiation.hpp"

#include <boost/beast/core/string.hpp>

#include <algorithm>
#include <tuple>
#include <vector>

namespace fairlead::http {
namespace {

struct Range {
  std::string_view type, subtype;
  unsigned weight = 1000;  // q in thousandths
};

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// What stands before `mark`, which is removed from `rest` together with it.
std::string_view take_until(std::string_view& rest, char mark) {
  const auto end = std::min(rest.find(mark), rest.size());
  const auto part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return trimmed(part);
}

// "0.25" → 250, at most three digits behind the point; 1000 for what is no weight.
unsigned parse_weight(std::string_view text) {
  constexpr unsigned whole = 1000;
  if (text.empty() || (text[0] != '0' && text[0] != '1') || text.size() > 5) return whole;
  if (text.size() > 1 && text[1] != '.') return whole;
  unsigned weight = text[0] == '1' ? whole : 0;
  unsigned place = 100;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return whole;
    weight += static_cast<unsigned>(c - '0') * place;
    place /= 10;
  }
  return std::min(weight, whole);
}

std::vector<Range> parse_ranges(std::string_view accept) {
  std::vector<Range> ranges;
  while (!accept.empty()) {
    auto rest = take_until(accept, ',');
    auto subtype = take_until(rest, ';');
    const auto type = take_until(subtype, '/');
    if (type.empty() || subtype.empty() || (type == "*" && subtype != "*")) continue;
    Range range{type, trimmed(subtype)};
    while (!rest.empty()) {
      auto value = take_until(rest, ';');
      if (boost::beast::iequals(take_until(value, '='), "q")) range.weight = parse_weight(trimmed(value));
    }
    ranges.push_back(range);
  }
  return ranges;
}

// 0: does not match; the more, the more precisely.
unsigned precision(const Range& range, std::string_view type, std::string_view subtype) {
  if (range.type == "*") return 1;
  if (!boost::beast::iequals(range.type, type)) return 0;
  if (range.subtype == "*") return 2;
  return boost::beast::iequals(range.subtype, subtype) ? 3 : 0;
}

}  // namespace

std::expected<std::size_t, NoChoice> negotiate(std::string_view accept,
                                               std::span<const std::string_view> offered) {
  if (trimmed(accept).empty()) return 0;
  const auto ranges = parse_ranges(accept);
  if (ranges.empty()) return std::unexpected(NoChoice::unreadable);
  std::tuple<unsigned, unsigned, std::size_t> best{0, 0, 0};
  std::size_t chosen = 0;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    auto subtype = offered[i];
    const auto type = take_until(subtype, '/');
    // The range that names it most precisely gives the weight.
    std::tuple<unsigned, unsigned, std::size_t> own{0, 0, 0};
    for (std::size_t r = 0; r < ranges.size(); ++r) {
      const unsigned precise = precision(ranges[r], type, subtype);
      if (precise > std::get<1>(own)) own = {ranges[r].weight, precise, ranges.size() - r};
    }
    if (std::get<0>(own) == 0 || own <= best) continue;
    best = own;
    chosen = i;
  }
  if (std::get<0>(best) == 0) return std::unexpected(NoChoice::nothing_fits);
  return chosen;
}

}  // namespace fairlead::http
