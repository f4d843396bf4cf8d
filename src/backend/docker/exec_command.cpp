// SPDX-License-Identifier: Apache-2.0
// Shells, plain words and subsystems.
#include "backend/docker/exec_command.hpp"

#include "base/plain_words.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace fairlead::docker {
namespace {

constexpr const char* default_shell = "/bin/sh";
// ContainerSSH's default, for images that have it where its guest image has.
constexpr const char* default_sftp_server = "/usr/lib/openssh/sftp-server";

bool takes_commands(std::string_view shell) {
  constexpr std::array<std::string_view, 6> known{"sh", "bash", "dash", "ash", "ksh", "zsh"};
  return std::ranges::find(known, shell.substr(shell.rfind('/') + 1)) != known.end();
}

bool is_path(std::string_view word) {
  return word.starts_with('/') || word.starts_with("./") || word.starts_with("../");
}

}  // namespace

Arguments shell_arguments(const config::Docker& docker) {
  if (!docker.programs.shell_command.empty()) return docker.programs.shell_command;
  return {default_shell, "-c", "[ -x /bin/bash ] && exec /bin/bash; exec /bin/sh"};
}

Arguments exec_arguments(const config::Docker& docker, const std::string& command) {
  if (auto words = plain_words(command); words && !words->empty() && is_path(words->front())) return *words;
  const auto& shell = docker.programs.shell_command;
  return {!shell.empty() && takes_commands(shell.front()) ? shell.front() : default_shell, "-c", command};
}

std::optional<Arguments> subsystem_arguments(const config::Docker& docker, const std::string& name) {
  if (const auto found = docker.programs.subsystems.find(name); found != docker.programs.subsystems.end())
    return Arguments{found->second};
  if (name == "sftp") return Arguments{default_sftp_server};
  return std::nullopt;
}

}  // namespace fairlead::docker
