// SPDX-License-Identifier: Apache-2.0
// Reading values of every type.
#include "config/section.hpp"
#include "config/values.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace fairlead::config {

bool Section::mistake(std::string_view key, const char* wanted, const Node& found) {
  const std::string what =
      found.kind == Node::Kind::scalar ? fmt::format("\"{}\"", found.text) : kind_name(found);
  findings_.error(line_of(key), path_of(key), fmt::format("expected {}, found {}", wanted, what));
  return false;
}

const Node* Section::scalar(std::string_view key, const char* wanted) {
  const Node* found = raw(key);
  if (found == nullptr || found->kind == Node::Kind::scalar) return found;
  mistake(key, wanted, *found);
  return nullptr;
}

template <class T>
bool Section::parsed(std::string_view key, const char* wanted, const std::optional<T>& from, T& value) {
  if (!from) return mistake(key, wanted, *lookup(key));
  value = *from;
  return true;
}

bool Section::field(std::string_view key, std::string& value) {
  const Node* found = scalar(key, "a text");
  if (found != nullptr) value = found->text;
  return found != nullptr;
}

bool Section::field(std::string_view key, bool& value) {
  constexpr const char* wanted = "true or false";
  const Node* found = scalar(key, wanted);
  if (found == nullptr) return false;
  return parsed(key, wanted, found->quoted ? std::nullopt : parse_boolean(found->text), value);
}

bool Section::field(std::string_view key, double& value) {
  constexpr const char* wanted = "a number";
  const Node* found = scalar(key, wanted);
  return found != nullptr && parsed(key, wanted, parse_real(found->text), value);
}

bool Section::field(std::string_view key, std::int64_t& value) {
  constexpr const char* wanted = "a whole number";
  const Node* found = scalar(key, wanted);
  return found != nullptr && parsed(key, wanted, parse_signed(found->text), value);
}

bool Section::field(std::string_view key, std::vector<std::string>& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  if (found->kind != Node::Kind::list) {
    findings_.error(line_of(key), path_of(key), fmt::format("expected a list, found {}", kind_name(*found)));
    return false;
  }
  std::vector<std::string> items;
  for (const Node& item : found->items) {
    if (item.kind != Node::Kind::scalar) {
      findings_.error(item.line, fmt::format("{}[{}]", path_of(key), items.size()),
                      fmt::format("expected a text, found {}", kind_name(item)));
      return false;
    }
    items.push_back(item.text);
  }
  value = std::move(items);
  return true;
}

bool Section::field(std::string_view key, std::map<std::string, std::string>& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  if (found->kind != Node::Kind::map) return mistake(key, "a mapping", *found);
  std::map<std::string, std::string> members;
  for (const auto& [name, member] : found->members) {
    if (member.kind != Node::Kind::scalar && member.kind != Node::Kind::null) {
      findings_.error(member.line, fmt::format("{}.{}", path_of(key), name),
                      fmt::format("expected a text, found {}", kind_name(member)));
      return false;
    }
    members[name] = member.text;
  }
  if (findings_.overlay)
    for (auto& [name, text] : value) members.try_emplace(name, std::move(text));
  value = std::move(members);
  return true;
}

bool Section::number(std::string_view key, std::uint64_t max, std::uint64_t& value) {
  const Node* found = scalar(key, "a number");
  if (found == nullptr) return false;
  const auto from = parse_unsigned(found->text);
  if (from && *from <= max) {
    value = *from;
    return true;
  }
  return mistake(key, fmt::format("a whole number from 0 to {}", max).c_str(), *found);
}

bool Section::field(std::string_view key, Duration& value) {
  constexpr const char* wanted = "a duration such as 1m30s";
  const Node* found = scalar(key, wanted);
  if (found == nullptr) return false;
  const auto from = parse_duration(found->text);
  if (from == Duration(0) && findings_.overlay) return false;
  return parsed(key, wanted, from, value);
}

bool Section::size(std::string_view key, std::uint64_t& value) {
  constexpr const char* wanted = "a size such as 512M";
  const Node* found = scalar(key, wanted);
  return found != nullptr && parsed(key, wanted, parse_size(found->text), value);
}

bool Section::limit(std::string_view key, std::optional<std::uint64_t>& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  std::uint64_t bytes = 0;
  if (found->text != "none" && !size(key, bytes)) return false;
  value = bytes == 0 ? std::nullopt : std::optional(bytes);
  return true;
}

bool Section::limit(std::string_view key, std::optional<double>& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  double number = 0;
  if (found->text != "none" && !field(key, number)) return false;
  value = number == 0 ? std::nullopt : std::optional(number);
  return true;
}

bool Section::choice(std::string_view key, std::string& value, const Choice& choice) {
  const Node* found = scalar(key, "a text");
  if (found == nullptr) return false;
  std::string_view text = found->text;
  const auto index = choice.numbered && !found->quoted ? parse_unsigned(text) : std::nullopt;
  if (index && *index < choice.words.size()) text = choice.words[*index];
  if (std::ranges::find(choice.words, text) != choice.words.end()) {
    // Go's zero value of a numbered choice by its name.
    if (choice.numbered && findings_.overlay && text == choice.words.front()) return false;
    value = text;
    return true;
  }
  if (text.empty() && choice.when_empty.empty()) return false;
  if (text.empty())
    error(key, std::string(choice.when_empty));
  else if (choice.noun.empty())
    error(key, fmt::format("expected one of {}{}, found \"{}\"", fmt::join(choice.words, ", "),
                           choice.numbered ? " or their numbers, counted from 0" : "", text));
  else
    error(key, fmt::format("invalid {}: {}", choice.noun, text));
  if (!choice.noun.empty()) value = text;  // what depends on it is not checked against the default
  return false;
}

bool Section::names(std::string_view key, std::vector<std::string>& value, const Names& names) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  std::vector<std::string> written;
  if (found->kind != Node::Kind::scalar) {
    if (!field(key, written)) return false;
  } else if (!found->text.empty()) {
    for (std::size_t begin = 0; begin <= found->text.size();) {
      const std::size_t end = std::min(found->text.find(':', begin), found->text.size());
      written.push_back(found->text.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  if (written.empty()) error(key, fmt::format("the {} list cannot be empty", names.noun));
  for (std::string& name : written) {
    const std::string_view canonical = names.canonical(name);
    if (canonical.empty()) {
      error(key, fmt::format("{} not supported: {}", names.noun, name));
      return false;
    }
    name = canonical;
  }
  if (!written.empty()) value = std::move(written);
  return true;
}

bool Section::structure(std::string_view key, boost::json::object& value, DockerStructure structure) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  const boost::json::object given = docker_structure(findings_, path_of(key), *found, structure);
  if (findings_.overlay)
    merge_docker_structure(value, given, structure);
  else
    for (const auto& member : given) value[member.key()] = member.value();
  return true;
}

bool Section::object(std::string_view key, boost::json::object& value) {
  const Node* found = raw(key);
  if (found == nullptr) return false;
  if (found->kind != Node::Kind::map) return mistake(key, "a mapping", *found);
  for (const auto& [name, member] : found->members)
    if (!findings_.overlay || !is_zero(member)) value[name] = to_json(member);
  return true;
}

}  // namespace fairlead::config
