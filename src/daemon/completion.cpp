// SPDX-License-Identifier: Apache-2.0
// One pass over the tree of commands for each shell. bash and zsh share the shape: find the command that was
// typed, then offer its words.
#include "daemon/completion.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace fairlead::daemon {
namespace {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
  return app.get_subcommands([](const CLI::App*) { return true; });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
  return app.get_options([](const CLI::Option* option) { return !option->get_lnames().empty(); });
}

// What can follow: names of commands, then options.
std::vector<std::string> words_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::App* command : commands_of(app)) words.push_back(command->get_name());
  for (const CLI::Option* option : options_of(app)) words.push_back("--" + option->get_lnames().front());
  return words;
}

// "  a) OFFER words of a;;" for each command.
std::string cases(const CLI::App& app, std::string_view start, std::string_view end) {
  std::string text;
  for (const CLI::App* command : commands_of(app))
    text += fmt::format("    {}) {}{}{} ;;\n", command->get_name(), start, fmt::join(words_of(*command), " "),
                        end);
  return text + fmt::format("    *) {}{}{} ;;\n", start, fmt::join(words_of(app), " "), end);
}

std::string alternatives(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : commands_of(app)) names.push_back(command->get_name());
  return fmt::format("{}", fmt::join(names, "|"));
}

std::string bash(const CLI::App& app) {
  return fmt::format(R"(_fairlead() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} word command= words
  COMPREPLY=()
  # Values of options are files more often than not.
  case ${{COMP_WORDS[COMP_CWORD-1]}} in --config|-config) return ;; esac
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case $word in {}) command=$word; break ;; esac
  done
  case $command in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o default -F _fairlead fairlead
)",
                     alternatives(app), cases(app, "words=\"", "\""));
}

std::string zsh(const CLI::App& app) {
  return fmt::format(R"(#compdef fairlead
_fairlead() {{
  local word command=
  case $words[CURRENT-1] in --config|-config) _files; return ;; esac
  for word in ${{words[2,CURRENT-1]}}; do
    case $word in {}) command=$word; break ;; esac
  done
  case $command in
{}  esac
}}
compdef _fairlead fairlead
)",
                     alternatives(app), cases(app, "compadd -- ", ""));
}

std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find_first_of("'\\", at)) != std::string::npos; at += 2)
    text.insert(at, 1, '\\');
  return "'" + text + "'";
}

std::string fish_options(const CLI::App& app, const std::string& condition) {
  std::string text;
  for (const CLI::Option* option : options_of(app))
    text += fmt::format("complete -c fairlead{} -l {}{} -d {}\n", condition, option->get_lnames().front(),
                        option->get_expected_max() > 0 ? " -r" : "", quoted(option->get_description()));
  return text;
}

std::string fish(const CLI::App& app) {
  std::string text = fish_options(app, "");
  for (const CLI::App* command : commands_of(app)) {
    text += fmt::format("complete -c fairlead -f -n __fish_use_subcommand -a {} -d {}\n", command->get_name(),
                        quoted(command->get_description()));
    const std::string inside = fmt::format(" -n '__fish_seen_subcommand_from {}'", command->get_name());
    text += fish_options(*command, inside);
    for (const CLI::App* below : commands_of(*command))
      text += fmt::format("complete -c fairlead -f{} -a {} -d {}\n", inside, below->get_name(),
                          quoted(below->get_description()));
  }
  return text;
}

}  // namespace

std::string completion(const CLI::App& app, std::string_view shell) {
  return shell == "bash" ? bash(app) : shell == "zsh" ? zsh(app) : fish(app);
}

}  // namespace fairlead::daemon
