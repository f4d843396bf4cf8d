// SPDX-License-Identifier: Apache-2.0
// The table of signals.
#include "agent/signals.hpp"

#include <array>
#include <csignal>
#include <cstring>
#include <utility>

namespace fairlead::agent {
namespace {

constexpr std::array<std::pair<std::string_view, int>, 13> signals{{{"ABRT", SIGABRT},
                                                                    {"ALRM", SIGALRM},
                                                                    {"FPE", SIGFPE},
                                                                    {"HUP", SIGHUP},
                                                                    {"ILL", SIGILL},
                                                                    {"INT", SIGINT},
                                                                    {"KILL", SIGKILL},
                                                                    {"PIPE", SIGPIPE},
                                                                    {"QUIT", SIGQUIT},
                                                                    {"SEGV", SIGSEGV},
                                                                    {"TERM", SIGTERM},
                                                                    {"USR1", SIGUSR1},
                                                                    {"USR2", SIGUSR2}}};

}  // namespace

std::optional<int> signal_number(std::string_view name) {
  for (const auto& [known, number] : signals)
    if (known == name) return number;
  return {};
}

std::string signal_name(int number) {
  for (const auto& [name, known] : signals)
    if (known == number) return std::string(name);
  const char* name = ::sigabbrev_np(number);
  return (name == nullptr ? "RT" + std::to_string(number) : std::string(name)) + "@fairlead";
}

}  // namespace fairlead::agent
