// SPDX-License-Identifier: Apache-2.0
// Escaping and layout of log lines.
#include "observe/line.hpp"

#include "base/utf8.hpp"
#include "observe/sinks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

namespace fairlead::observe {
namespace {

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
    const ssh::Utf8Character character = ssh::decode_utf8(text);
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
