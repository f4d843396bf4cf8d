// SPDX-License-Identifier: Apache-2.0
// Takes a command apart, or gives it up.
#include "base/plain_words.hpp"

#include <utility>

namespace fairlead {

std::optional<std::vector<std::string>> plain_words(std::string_view command, std::string_view also_plain) {
  constexpr std::string_view needs_shell = ";&|<>()$`*?[]{}~#!\n\r";
  std::vector<std::string> words;
  bool in_word = false;
  const auto word = [&]() -> std::string& {
    if (!std::exchange(in_word, true)) words.emplace_back();
    return words.back();
  };
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (c == ' ' || c == '\t') {
      in_word = false;
    } else if (c == '\'' || c == '"') {
      const auto end = command.find(c, i + 1);
      const auto quoted = command.substr(i + 1, end - i - 1);
      if (end == std::string_view::npos ||
          (c == '"' && quoted.find_first_of("$`\\!") != std::string_view::npos))
        return {};
      word() += quoted;
      i = end;
    } else if (c == '\\') {
      ++i;
      if (i == command.size() || command[i] == '\n') return {};
      word() += command[i];
    } else if ((needs_shell.contains(c) && !also_plain.contains(c)) || (c == '=' && words.size() <= 1)) {
      return {};
    } else {
      word() += c;
    }
  }
  return words;
}

}  // namespace fairlead
