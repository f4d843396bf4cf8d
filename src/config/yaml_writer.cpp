// SPDX-License-Identifier: Apache-2.0
// A JSON tree as YAML in block style.
#include "config/dump.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

namespace json = boost::json;

// A letter or slash first, then nothing that means something in YAML. What is not sure is quoted: a JSON
// string is a YAML string.
bool is_plain(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto inner = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || std::string_view("_./@+-").contains(c);
  };
  // YAML 1.1's booleans and null.
  constexpr std::array<std::string_view, 9> words{"true", "false", "yes", "no", "on",
                                                  "off",  "null",  "y",   "n"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return !text.empty() && (letter(text.front()) || text.front() == '/') && std::ranges::all_of(text, inner) &&
         std::ranges::find(words, lower) == words.end();
}

std::string scalar(const json::value& value) {
  if (value.is_string() && is_plain(value.get_string())) return std::string(value.get_string());
  if (const double* number = value.if_double()) return fmt::format("{}", *number);
  return json::serialize(value);
}

bool is_block(const json::value& value) {
  return (value.is_object() && !value.get_object().empty()) ||
         (value.is_array() && !value.get_array().empty());
}

// Each line starts with `indent` spaces, but the first, which stands where the text already is.
void write(std::string& text, const json::value& value, std::size_t indent) {
  bool first = true;
  const auto line = [&](std::string_view start, const json::value& item, bool below) {
    text.append(std::exchange(first, false) ? 0 : indent, ' ').append(start);
    if (!is_block(item)) {
      text.append(" ").append(scalar(item)).append("\n");
    } else {
      text.append(below ? "\n" : " ").append(below ? indent + 2 : 0, ' ');
      write(text, item, indent + 2);
    }
  };
  if (const auto* object = value.if_object())
    for (const auto& member : *object) line(scalar(json::string(member.key())) + ":", member.value(), true);
  else if (const auto* array = value.if_array())
    for (const auto& item : *array) line("-", item, false);
}

}  // namespace

std::string to_yaml(const json::object& document) {
  std::string text;
  write(text, document, 0);
  return text;
}

}  // namespace fairlead::config
