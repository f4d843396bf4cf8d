// SPDX-License-Identifier: Apache-2.0
// Matching and expanding wildcards component by component.
#include "agent/wildcards.hpp"

#include "agent/limits.hpp"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

namespace fairlead::agent {
namespace {

bool exists(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0;
}

bool has_wildcards(std::string_view text) {
  return text.find_first_of("*?[") != std::string_view::npos;
}

// A bracket expression at the start of the pattern; 0 when it is never closed, else its length.
std::size_t bracket_length(std::string_view pattern) {
  std::size_t from = 1;
  if (from < pattern.size() && (pattern[from] == '!' || pattern[from] == '^')) ++from;
  const auto close = pattern.find(']', from + 1);  // one right at the beginning is a member
  return close == std::string_view::npos ? 0 : close + 1;
}

// `members` without the outer brackets.
bool in_bracket(std::string_view members, char c) {
  const bool negated = members.starts_with('!') || members.starts_with('^');
  if (negated) members.remove_prefix(1);
  bool found = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto code = [](char value) { return static_cast<unsigned char>(value); };
    if (i + 2 < members.size() && members[i + 1] == '-') {
      found = found || (code(members[i]) <= code(c) && code(c) <= code(members[i + 2]));
      i += 2;
    } else {
      found = found || members[i] == c;
    }
  }
  return found != negated;
}

// The pattern's first element, which is no star, against one character: the element's length, or 0.
std::size_t match_one(std::string_view pattern, char c) {
  if (pattern[0] == '?') return 1;
  if (pattern[0] == '[')
    if (const auto length = bracket_length(pattern))
      return in_bracket(pattern.substr(1, length - 2), c) ? length : 0;
  return pattern[0] == c ? 1 : 0;
}

std::vector<std::string> matching_entries(const std::string& directory, std::string_view pattern) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.empty() ? "." : directory.c_str()),
                                                    ::closedir);
  while (const dirent* entry = listing ? ::readdir(listing.get()) : nullptr) {
    if (names.size() == limits::wildcard_matches) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && matches_wildcards(pattern, name)) names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace

bool matches_wildcards(std::string_view pattern, std::string_view name) {
  if (name.starts_with('.') && !pattern.starts_with('.')) return false;
  // Where to go on after the last star, when what follows it does not match here.
  std::string_view star_pattern, star_name;
  bool star = false;
  while (!name.empty()) {
    if (pattern.starts_with('*')) {
      pattern.remove_prefix(1);
      star = true;
      star_pattern = pattern;
      star_name = name;
      continue;
    }
    const auto length = pattern.empty() ? 0 : match_one(pattern, name[0]);
    if (length > 0) {
      pattern.remove_prefix(length);
      name.remove_prefix(1);
    } else if (star) {
      star_name.remove_prefix(1);
      name = star_name;
      pattern = star_pattern;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*') == std::string_view::npos;
}

std::vector<std::string> expand_wildcards(const std::string& path) {
  if (!has_wildcards(path) || exists(path)) return {path};
  std::vector<std::string> found{""};  // what is known so far, each ending with a slash or empty
  std::string_view rest = path;
  while (!rest.empty() && !found.empty()) {
    const auto end = std::min(rest.find('/'), rest.size());
    const auto component = rest.substr(0, end);
    rest.remove_prefix(end);
    const auto slashes = rest.substr(0, std::min(rest.find_first_not_of('/'), rest.size()));
    rest.remove_prefix(slashes.size());
    std::vector<std::string> next;
    for (const auto& directory : found) {
      const auto names = has_wildcards(component) ? matching_entries(directory, component)
                                                  : std::vector{std::string(component)};
      for (const auto& name : names) {
        const auto candidate = directory + name;
        if (next.size() < limits::wildcard_matches && (candidate.empty() || exists(candidate)))
          next.push_back(candidate + std::string(slashes));
      }
    }
    found = std::move(next);
  }
  if (found.empty()) return {path};
  return found;
}

}  // namespace fairlead::agent
