// SPDX-License-Identifier: Apache-2.0
// ContainerSSH's flags and our sub-commands.
#include "daemon/cli.hpp"

#include "auth/password_hash.hpp"
#include "config/load.hpp"
#include "daemon/completion.hpp"
#include "daemon/config_commands.hpp"
#include "daemon/demo.hpp"
#include "daemon/health.hpp"
#include "daemon/server.hpp"
#include "daemon/test_auth_server.hpp"
#include "daemon/totp_secret.hpp"
#include "observe/sinks.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fairlead::daemon {
namespace {

std::expected<std::shared_ptr<const Settings>, config::Errors> load_settings(const std::string& file) {
  auto config = config::load(file);
  if (!config) return std::unexpected(config.error());
  return make_settings(std::move(*config));
}

std::expected<observe::Log, std::string> open_configured_log(const config::Log& config) {
  observe::LogOptions options;
  options.level = observe::level_from(config.level).value_or(observe::Level::notice);
  options.format = config.format == "text" ? observe::LineFormat::text : observe::LineFormat::ljson;
  if (config.destination == "file") options.file = config.file;
  return observe::open_log(options);
}

int run_serve(const std::string& file) {
  auto settings = load_settings(file);
  if (!settings) {
    const observe::Log log(observe::descriptor_sink(STDOUT_FILENO, observe::LineFormat::ljson),
                           observe::Level::notice);
    for (const std::string& error : settings.error())
      log.write(observe::Level::crit, "CORE_CONFIG_ERROR", error);
    return print_errors(settings.error());
  }
  const auto log = open_configured_log((*settings)->config->log);
  if (!log) return print_errors({log.error()});
  log->debug("CORE_CONFIG_FILE", "Using configuration file", {{"file", file}});
  return serve(*settings, *log, {.reload = [file] { return load_settings(file); }, .ready = {}});
}

// Of a server that runs: a file that could not be served now says nothing about it.
int run_health_check(const std::string& file) {
  const auto config = config::load(file, config::Validation::form);
  if (!config) return print_errors(config.error());
  const auto format = config->log.format == "text" ? observe::LineFormat::text : observe::LineFormat::ljson;
  const observe::Log log(observe::descriptor_sink(STDERR_FILENO, format),
                         observe::level_from(config->log.level).value_or(observe::Level::notice));
  return check_health(config->health, log) ? 0 : 1;
}

int run_hash_password() {
  const auto password = auth::read_new_password(STDIN_FILENO);
  if (!password) return print_errors({password.error()});
  const auto hash = auth::hash_password(*password);
  if (!hash) return print_errors({hash.error()});
  fmt::print("{}\n", *hash);
  return 0;
}

// What the command line says. Sub-commands belong to `app`.
struct CommandLine {
  CLI::App app{"Fairlead: an SSH server that puts every login into a container", "fairlead"};
  std::string file = "config.yaml";
  bool dump = false, licenses = false, show_secrets = false, health_check = false;
  DemoOptions demo;
  TestAuthServerOptions test_server;
  TotpSecretOptions totp;
  std::string shell;
  CLI::App *serve = nullptr, *demo_command = nullptr, *check = nullptr, *config = nullptr,
           *config_check = nullptr, *config_dump = nullptr, *config_schema = nullptr, *hash = nullptr,
           *totp_command = nullptr, *completion = nullptr, *test_server_command = nullptr;
};

void add_flags(CommandLine& line) {
  line.app.set_version_flag("--version", "fairlead " FAIRLEAD_VERSION);
  line.app
      .add_option("--config", line.file,
                  "Configuration file (.yaml, .yml or .json); without a command: serve it")
      ->type_name("FILE")
      ->capture_default_str();
  line.app.add_flag("--dump-config", line.dump, "Print the complete configuration and exit");
  line.app.add_flag("--show-secrets", line.show_secrets, "… with passwords and keys");
  line.app.add_flag("--licenses", line.licenses,
                    "Print the licences of this program and its libraries and exit");
  line.app.add_flag("--healthcheck", line.health_check,
                    "Ask the running server whether it is healthy and exit; status 1: it is not");
  line.app.fallthrough();
}

void add_config_commands(CommandLine& line) {
  line.check = line.app.add_subcommand("check-config", "Check the configuration file and the users file");
  line.config = line.app.add_subcommand("config", "Look at configuration files");
  line.config_check = line.config->add_subcommand("check", "The same as check-config");
  line.config_dump =
      line.config->add_subcommand("dump", "Print the complete configuration with all defaults as YAML");
  line.config_schema =
      line.config->add_subcommand("schema", "Print the JSON Schema of configuration files, for editors");
  line.config->require_subcommand(1);
}

void add_secret_commands(CommandLine& line) {
  line.hash =
      line.app.add_subcommand("hash-password", "Ask for a password and print its hash for the users file");
  line.totp_command = line.app.add_subcommand(
      "totp-secret",
      "Make the secret of a user's one-time codes and print it for the users file (otpauth URI)");
  CLI::App& totp = *line.totp_command;
  totp.add_option("--user", line.totp.user, "Name shown in the authenticator application")->required();
  totp.add_option("--issuer", line.totp.issuer, "Name of this server shown there")->capture_default_str();
  totp.add_option("--algorithm", line.totp.algorithm,
                  "SHA1, SHA256 or SHA512; not every application knows all")
      ->check(CLI::IsMember({"SHA1", "SHA256", "SHA512"}))
      ->capture_default_str();
  totp.add_option("--digits", line.totp.digits, "6 or 8")
      ->check(CLI::IsMember({6U, 8U}))
      ->capture_default_str();
}

void add_test_server_command(CommandLine& line) {
  line.test_server_command = line.app.add_subcommand(
      "test-auth-server", "Webhook server with fixed answers, to try things out: lets foo and busybox in");
  CLI::App& command = *line.test_server_command;
  command.add_option("--listen", line.test_server.listen, "Address to listen on")->capture_default_str();
  command.add_option("--port", line.test_server.port, "0: any free port")->capture_default_str();
  command.add_flag("--zero-values", line.test_server.zero_values,
                   "Send configurations with every member, as servers written in Go do");
}

void add_commands(CommandLine& line) {
  line.serve = line.app.add_subcommand("serve", "Serve logins as the configuration file says");
  line.demo_command = line.app.add_subcommand("demo", "A container behind 127.0.0.1, nothing to configure");
  CLI::App& demo = *line.demo_command;
  demo.add_option("--port", line.demo.port, "Port on 127.0.0.1")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  demo.add_option("--image", line.demo.image, "Image instead of the built-in busybox (as oci.image)");
  demo.add_option("--backend", line.demo.backend, "oci or docker")->check(CLI::IsMember({"oci", "docker"}));
  add_config_commands(line);
  add_secret_commands(line);
  add_test_server_command(line);
  line.completion = line.app.add_subcommand(
      "completion", "Print what makes a shell complete our commands: source <(fairlead completion bash)");
  line.completion->add_option("shell", line.shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  line.app.require_subcommand(0, 1);
}

// Go's flags may begin with one dash: -config FILE, -dump-config. We have no short ones but -h.
std::vector<std::string> with_two_dashes(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  for (std::string& word : words)
    if (word.size() > 2 && word[0] == '-' && word[1] >= 'a' && word[1] <= 'z') word.insert(0, 1, '-');
  // As CLI11 wants them.
  std::ranges::reverse(words);
  return words;
}

int run(const CommandLine& line) {
  const auto secrets = line.show_secrets ? config::Secrets::shown : config::Secrets::masked;
  if (*line.demo_command) return run_demo(line.demo);
  if (*line.hash) return run_hash_password();
  if (*line.totp_command) return run_totp_secret(line.totp);
  if (*line.test_server_command) return run_test_auth_server(line.test_server);
  if (*line.completion) {
    fmt::print("{}", completion(line.app, line.shell));
    return 0;
  }
  if (line.dump || *line.config_dump) return run_dump_config(line.file, secrets);
  if (line.licenses) return run_licenses();
  if (line.health_check) return run_health_check(line.file);
  if (*line.check || *line.config_check) return run_check_config(line.file);
  if (*line.config_schema) return run_config_schema();
  // ContainerSSH without arguments serves the config.yaml of the working directory.
  std::error_code failure;
  if (*line.serve || line.app.count("--config") > 0 || std::filesystem::exists(line.file, failure))
    return run_serve(line.file);
  fmt::print("{}", line.app.help());
  return 2;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CommandLine line;
  add_flags(line);
  add_commands(line);
  try {
    line.app.parse(with_two_dashes(argc, argv));
  } catch (const CLI::ParseError& error) {
    return line.app.exit(error) == 0 ? 0 : 2;
  }
  return run(line);
}

}  // namespace fairlead::daemon
