// SPDX-License-Identifier: Apache-2.0
// What keyboard-interactive asks a person (RFC 4256): one round of prompts.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace fairlead::ssh {

struct Prompt {
  Prompt() = default;
  explicit Prompt(std::string prompt_text, bool show_answer = false)
      : text(std::move(prompt_text)), echo(show_answer) {}

  std::string text;   // "Password: "; a client may cut or escape what is no plain line
  bool echo = false;  // whether the answer may be seen while it is typed
};

// Prompts that are shown together. None at all is allowed: name and instruction are shown then (section 3.2).
struct PromptRound {
  PromptRound() = default;
  explicit PromptRound(std::vector<Prompt> all, std::string explanation = {}, std::string title = {})
      : name(std::move(title)), instruction(std::move(explanation)), prompts(std::move(all)) {}

  std::string name, instruction;  // either may be empty
  std::vector<Prompt> prompts;    // at most limits::auth_prompts
};

}  // namespace fairlead::ssh
