// SPDX-License-Identifier: Apache-2.0
// Escaping and layout of log lines.
#include "observe/line.hpp"

#include "observe/sinks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace fairlead::observe {
namespace {

struct Character {
  char32_t code = 0;
  std::size_t size = 0;  // 0: the first byte begins no valid UTF-8 character
};

// Overlong forms, surrogates and what lies above U+10FFFF are invalid (RFC 3629 section 3).
Character decode(std::string_view text) noexcept {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return {};
  char32_t code = first & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr char32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < smallest[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return {};
  return {code, size};
}

bool is_harmless(char32_t code) noexcept {
  if (code < 0x20 || (code >= 0x7F && code < 0xA0)) return false;
  const bool line_separator = code == 0x2028 || code == 0x2029;
  // Left-to-right and right-to-left marks, embeddings, overrides and isolates: a name could show as another.
  const bool direction = code == 0x200E || code == 0x200F || code == 0x061C ||
                         (code >= 0x202A && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return !line_separator && !direction;
}

std::string timestamp(std::time_t now) {
  std::tm local{};
  ::localtime_r(&now, &local);
  char text[32];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &local);
  std::string result(text, size);
  const long minutes = local.tm_gmtoff / 60;
  if (minutes == 0) return result + 'Z';
  fmt::format_to(std::back_inserter(result), "{}{:02}:{:02}", minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
                 std::abs(minutes) % 60);
  return result;
}

// JSON string, with Go's HTML-safe escapes (services.md section 0.4). Control characters are gone already.
void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        line += "\\\"";
        break;
      case '\\':
        line += "\\\\";
        break;
      case '<':
        line += "\\u003c";
        break;
      case '>':
        line += "\\u003e";
        break;
      case '&':
        line += "\\u0026";
        break;
      default:
        line += c;
    }
  }
  line += '"';
}

std::map<std::string_view, const Label*> sorted(const std::vector<Label>& labels) {
  std::map<std::string_view, const Label*> result;
  for (const Label& label : labels) result[label.name] = &label;
  return result;
}

std::string plain(const Label& label) {
  if (const auto* text = std::get_if<std::string>(&label.value)) return escape(*text, max_label_length);
  if (const auto* number = std::get_if<std::int64_t>(&label.value)) return std::to_string(*number);
  return std::get<bool>(label.value) ? "true" : "false";
}

}  // namespace

std::string escape(std::string_view text, std::size_t max_length) {
  std::string result;
  result.reserve(std::min(text.size(), max_length));
  const std::size_t whole = text.size();
  std::size_t used = 0;
  while (!text.empty()) {
    const Character character = decode(text);
    const std::size_t size = std::max<std::size_t>(character.size, 1);
    if (used + size > max_length) break;
    if (character.size > 0 && is_harmless(character.code))
      result.append(text.substr(0, size));
    else
      for (const char c : text.substr(0, size))
        fmt::format_to(std::back_inserter(result), "\\x{:02x}", static_cast<unsigned char>(c));
    text.remove_prefix(size);
    used += size;
  }
  if (used < whole) result += "…";
  return result;
}

std::string json_line(std::time_t now, Level level, std::string_view code, std::string_view message,
                      const std::vector<Label>& labels) {
  std::string line =
      fmt::format(R"({{"timestamp":"{}","level":"{}","code":)", timestamp(now), level_name(level));
  append_quoted(line, escape(code, max_label_length));
  line += ",\"message\":";
  append_quoted(line, escape(message, max_message_length));
  line += ",\"details\":{";
  bool first = true;
  for (const auto& [name, label] : sorted(labels)) {
    if (!first) line += ',';
    first = false;
    append_quoted(line, escape(name, max_label_length));
    line += ':';
    const std::string value = plain(*label);
    if (std::holds_alternative<std::string>(label->value))
      append_quoted(line, value);
    else
      line += value;
  }
  return line += "}}";
}

std::string text_line(std::time_t now, Level level, std::string_view message,
                      const std::vector<Label>& labels) {
  std::string line =
      fmt::format("{}\t{}\t{}", timestamp(now), level_name(level), escape(message, max_message_length));
  char separator = '(';
  for (const auto& [name, label] : sorted(labels)) {
    line += separator == '(' ? " (" : " ";
    separator = ' ';
    line.append(escape(name, max_label_length)).append("=").append(plain(*label));
  }
  return separator == '(' ? line : line += ')';
}

}  // namespace fairlead::observe
