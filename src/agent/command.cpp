// SPDX-License-Identifier: Apache-2.0
// The decisions about shells, commands and subsystems.
#include "agent/command.hpp"

#include "base/plain_words.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace fairlead::agent {
namespace {

constexpr std::string_view default_shell = "/bin/sh";

// Where distributions put OpenSSH's: Debian, Fedora, Alpine, the BSDs.
constexpr std::array sftp_server_paths{"/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server",
                                       "/usr/lib/ssh/sftp-server", "/usr/libexec/sftp-server"};

std::vector<std::string> search(const Image& image, const std::string& program) {
  if (program.contains('/')) return {program};
  std::vector<std::string> paths;
  std::string_view rest = image.search_path;
  while (true) {
    const auto colon = rest.find(':');
    const auto directory = rest.substr(0, colon);
    // POSIX: an empty entry is the current directory.
    paths.push_back(directory.empty() ? "./" + program : std::string(directory) + '/' + program);
    if (colon == std::string_view::npos) return paths;
    rest.remove_prefix(colon + 1);
  }
}

bool found(const Image& image, const std::string& program) {
  return std::ranges::any_of(search(image, program), image.executable);
}

Command run(const Image& image, std::vector<std::string> arguments) {
  auto paths = search(image, arguments.front());
  return RunImageProgram{std::move(paths), std::move(arguments)};
}

Command run_with_shell(const std::string& shell, const std::string& command) {
  return RunImageProgram{{shell}, {shell.substr(shell.rfind('/') + 1), "-c", command}};
}

// scp's remote half as clients start it: "scp [-r …] -t|-f path". Anybody else who runs scp wants the
// image's.
bool is_remote_scp(std::string_view command) {
  if (!command.starts_with("scp ")) return false;
  while (!command.empty()) {
    const auto word = command.substr(0, command.find(' '));
    // Options may be bundled: OpenSSH sends "-r -d -t", WinSCP "-rpt".
    if (word.size() > 1 && word[0] == '-' && word[1] != '-' && (word.contains('t') || word.contains('f')))
      return true;
    command.remove_prefix(std::min(word.size() + 1, command.size()));
  }
  return false;
}

bool wants_internal(const Image& image, const std::string& image_program) {
  const auto& choice = image.setup.file_transfer;
  return choice == "internal" || (choice != "image" && !found(image, image_program));
}

std::optional<Command> choose_internal_scp(const Image& image, const std::string& shell,
                                           const std::string& command) {
  if (!image.internal.scp || !is_remote_scp(command) || !wants_internal(image, "scp")) return {};
  // The image's shell expands what the client left to it (wildcards, ~) and starts us again.
  if (!shell.empty() && !image.agent_path.empty() && image.executable(image.agent_path))
    return run_with_shell(shell, image.agent_path + ' ' + command);
  // Without a shell it expands them itself.
  if (auto words = plain_words(command, "*?[]~"))
    return RunInternal{[scp = image.internal.scp, words = std::move(*words)] { return scp(words); }};
  return {};
}

Command internal_sftp(const Image& image) {
  return RunInternal{[sftp_server = image.internal.sftp_server] { return sftp_server(0, 1); }};
}

}  // namespace

std::string usable_shell(const Image& image) {
  if (image.executable(image.account.shell)) return image.account.shell;
  if (image.executable(std::string(default_shell))) return std::string(default_shell);
  return {};
}

Command choose_shell(const Image& image) {
  if (!image.setup.shell_command.empty()) return run(image, image.setup.shell_command);
  const auto shell = usable_shell(image);
  if (shell.empty()) return CannotRun{"There is no shell in this box."};
  return RunImageProgram{{shell},
                         {'-' + shell.substr(shell.rfind('/') + 1)}};  // a dash makes it a login shell
}

Command choose_exec(const Image& image, const std::string& command) {
  const auto shell = usable_shell(image);
  if (auto scp = choose_internal_scp(image, shell, command)) return std::move(*scp);
  if (!shell.empty()) return run_with_shell(shell, command);
  auto words = plain_words(command);
  if (words && !words->empty()) return run(image, std::move(*words));
  return CannotRun{"There is no shell in this box to run this command."};
}

std::optional<Command> choose_subsystem(const Image& image, const std::string& name) {
  const auto configured = image.setup.subsystems.find(name);
  const auto& choice = image.setup.file_transfer;
  if (name == "sftp" && choice == "internal" && image.internal.sftp_server) return internal_sftp(image);
  if (configured != image.setup.subsystems.end() && found(image, configured->second))
    return run(image, {configured->second});
  if (name != "sftp") return {};
  for (const auto* path : sftp_server_paths)
    if (image.executable(path)) return run(image, {path});
  if (choice == "image" || !image.internal.sftp_server) return {};
  return internal_sftp(image);
}

}  // namespace fairlead::agent
