// SPDX-License-Identifier: Apache-2.0
// Reading authorized_keys line by line. Whatever is not understood completely admits nobody.
#include "crypto/authorized_keys.hpp"

#include "crypto/limits.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::ssh {

namespace {

constexpr std::string_view blanks = " \t";

enum class Form : std::uint8_t { flag, value_once, value_repeated };
struct KnownOption {
  std::string_view name;
  Form form;
};
constexpr std::array known_options{
    KnownOption{"restrict", Form::flag},
    KnownOption{"pty", Form::flag},
    KnownOption{"no-pty", Form::flag},
    KnownOption{"port-forwarding", Form::flag},
    KnownOption{"no-port-forwarding", Form::flag},
    KnownOption{"agent-forwarding", Form::flag},
    KnownOption{"no-agent-forwarding", Form::flag},
    KnownOption{"x11-forwarding", Form::flag},
    KnownOption{"no-x11-forwarding", Form::flag},
    KnownOption{"user-rc", Form::flag},
    KnownOption{"no-user-rc", Form::flag},
    KnownOption{"no-touch-required", Form::flag},
    KnownOption{"verify-required", Form::flag},
    KnownOption{"cert-authority", Form::flag},
    KnownOption{"principals", Form::value_once},
    KnownOption{"command", Form::value_once},
    KnownOption{"from", Form::value_once},
    KnownOption{"expiry-time", Form::value_once},
    KnownOption{"tunnel", Form::value_once},
    KnownOption{"environment", Form::value_repeated},
    KnownOption{"permitopen", Form::value_repeated},
    KnownOption{"permitlisten", Form::value_repeated},
};

using Options = std::vector<KeyOption>;
template <class T>
using OrReason = std::expected<T, std::string>;

std::unexpected<std::string> reason(std::string text) {
  return std::unexpected(std::move(text));
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string take_name(std::string_view& text) {
  const auto end = std::ranges::find_if_not(text, is_name_character);
  std::string name(text.begin(), end);
  std::ranges::transform(name, name.begin(), lower);
  text.remove_prefix(name.size());
  return name;
}

// After the '='. A quote inside is written \"; every other backslash stands for itself.
OrReason<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return reason("an option's value must be in double quotes");
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text.substr(i).starts_with("\\\"")) ++i;
    value += text[i];
  }
  return reason("a quote is not closed");
}

OrReason<KeyOption> take_option(std::string_view& text) {
  KeyOption option;
  option.name = take_name(text);
  if (text.starts_with('=')) {
    text.remove_prefix(1);
    auto value = take_quoted(text);
    if (!value) return std::unexpected(std::move(value.error()));
    option.value = std::move(*value);
  }
  return option;
}

OrReason<void> check(const KeyOption& option, const Options& before) {
  const std::string quoted = "option \"" + option.name.substr(0, 64) + "\"";
  const auto known = std::ranges::find(known_options, option.name, &KnownOption::name);
  if (known == known_options.end())
    return reason(option.name.empty() ? "malformed options" : "unknown " + quoted);
  if (known->form == Form::flag && option.value) return reason(quoted + " takes no value");
  if (known->form != Form::flag && !option.value) return reason(quoted + " needs a value");
  if (known->form == Form::value_once &&
      std::ranges::find(before, option.name, &KeyOption::name) != before.end())
    return reason(quoted + " is given twice");
  return {};
}

std::string_view trim_front(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text;
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find_first_of(blanks));
}

// No option begins like these, so a refused key type is reported as what it is.
bool is_key_type(std::string_view word) {
  return word.starts_with("ssh-") || word.starts_with("ecdsa-") || word.starts_with("sk-");
}

// Up to the first blank outside quotes.
std::string_view options_field(std::string_view line) {
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\' && i + 1 < line.size() && line[i + 1] == '"')
      ++i;
    else if (line[i] == '"')
      quoted = !quoted;
    else if (!quoted && blanks.find(line[i]) != std::string_view::npos)
      return line.substr(0, i);
  }
  return line;
}

OrReason<AuthorizedKeyLine> parse_line(std::string_view line) {
  AuthorizedKeyLine result;
  if (std::ranges::any_of(line, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; }))
    return reason("control characters");
  if (!is_key_type(first_word(line))) {
    const std::string_view field = options_field(line);
    auto options = parse_key_options(field);
    if (!options) return std::unexpected(std::move(options.error()));
    result.options = std::move(*options);
    line = trim_front(line.substr(field.size()));
  }
  auto key = PublicKey::from_text(line);
  if (!key) return reason(to_string(key.error()));
  result.key = std::move(*key);
  for (int field = 0; field < 2; ++field) line = trim_front(line.substr(first_word(line).size()));
  result.comment = line;
  return result;
}

}  // namespace

OrReason<Options> parse_key_options(std::string_view text) {
  Options options;
  while (!text.empty()) {
    auto option = take_option(text);
    if (!option) return std::unexpected(std::move(option.error()));
    if (auto checked = check(*option, options); !checked) return std::unexpected(std::move(checked.error()));
    options.push_back(std::move(*option));
    if (text.empty()) break;
    if (!text.starts_with(',') || text.size() == 1) return reason("malformed options");
    text.remove_prefix(1);
  }
  return options;
}

AuthorizedKeys parse_authorized_keys(std::string_view text) {
  AuthorizedKeys result;
  if (text.size() > max_authorized_keys) {
    result.problems.push_back({1, "the file is too large"});
    return result;
  }
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = trim_front(line);
    if (line.empty() || line.starts_with('#')) continue;
    auto parsed = parse_line(line);
    if (parsed) {
      parsed->line = number;
      result.keys.push_back(std::move(*parsed));
    } else {
      result.problems.push_back({number, std::move(parsed.error())});
    }
  }
  return result;
}

}  // namespace fairlead::ssh
