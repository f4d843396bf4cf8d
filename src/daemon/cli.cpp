// SPDX-License-Identifier: Apache-2.0
// Sub-commands: serve, demo, check-config, hash-password, totp-secret, test-auth-server.
#include "daemon/cli.hpp"

#include "auth/password_hash.hpp"
#include "config/load.hpp"
#include "daemon/demo.hpp"
#include "daemon/health.hpp"
#include "daemon/server.hpp"
#include "daemon/test_auth_server.hpp"
#include "daemon/totp_secret.hpp"
#include "observe/sinks.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <unistd.h>

#include <string>
#include <utility>

namespace fairlead::daemon {
namespace {

std::expected<std::shared_ptr<const Settings>, config::Errors> load_settings(const std::string& file) {
  auto config = config::load(file);
  if (!config) return std::unexpected(config.error());
  return make_settings(std::move(*config));
}

int print_errors(const config::Errors& errors) {
  for (const std::string& error : errors) fmt::print(stderr, "{}\n", error);
  return 1;
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
  for (const std::string& warning : (*settings)->config->warnings)
    log->warning("CORE_CONFIG_WARNING", warning);
  if ((*settings)->users)
    for (const std::string& warning : (*settings)->users->warnings())
      log->warning("AUTH_USERS_FILE", warning);
  log->debug("CORE_CONFIG_FILE", "Using configuration file", {{"file", file}});
  return serve(*settings, *log, {.reload = [file] { return load_settings(file); }, .ready = {}});
}

int run_check(const std::string& file) {
  const auto settings = load_settings(file);
  if (!settings) return print_errors(settings.error());
  for (const std::string& warning : (*settings)->config->warnings)
    fmt::print(stderr, "warning: {}\n", warning);
  if ((*settings)->users)
    for (const std::string& warning : (*settings)->users->warnings())
      fmt::print(stderr, "warning: {}\n", warning);
  fmt::print("{}: the configuration is valid\n", file);
  return 0;
}

int run_health_check(const std::string& file) {
  const auto config = config::load(file);
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

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app("Fairlead: an SSH server that puts every login into a container", "fairlead");
  app.set_version_flag("--version", "fairlead " FAIRLEAD_VERSION);
  std::string file = "config.yaml";
  app.add_option("--config", file, "Configuration file (.yaml, .yml or .json); without a command: serve it")
      ->type_name("FILE");
  bool health_check = false;
  app.add_flag("--healthcheck", health_check,
               "Ask the running server whether it is healthy; status 1: it is not");
  app.fallthrough();

  auto* serve_command = app.add_subcommand("serve", "Serve logins as the configuration file says");
  auto* demo_command = app.add_subcommand("demo", "A container behind 127.0.0.1, nothing to configure");
  DemoOptions demo;
  demo_command->add_option("--port", demo.port, "Port on 127.0.0.1")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  demo_command->add_option("--image", demo.image, "Image instead of the built-in busybox (as oci.image)");
  demo_command->add_option("--backend", demo.backend, "oci or docker")
      ->check(CLI::IsMember({"oci", "docker"}));
  auto* check_command = app.add_subcommand("check-config", "Check the configuration file and the users file");
  auto* hash_command =
      app.add_subcommand("hash-password", "Ask for a password and print its hash for the users file");
  auto* totp_command = app.add_subcommand(
      "totp-secret",
      "Make the secret of a user's one-time codes and print it for the users file (otpauth URI)");
  TotpSecretOptions totp;
  totp_command->add_option("--user", totp.user, "Name shown in the authenticator application")->required();
  totp_command->add_option("--issuer", totp.issuer, "Name of this server shown there")->capture_default_str();
  totp_command
      ->add_option("--algorithm", totp.algorithm, "SHA1, SHA256 or SHA512; not every application knows all")
      ->check(CLI::IsMember({"SHA1", "SHA256", "SHA512"}))
      ->capture_default_str();
  totp_command->add_option("--digits", totp.digits, "6 or 8")
      ->check(CLI::IsMember({6U, 8U}))
      ->capture_default_str();
  auto* test_server_command = app.add_subcommand(
      "test-auth-server", "Webhook server with fixed answers, to try things out: lets foo and busybox in");
  TestAuthServerOptions test_server;
  test_server_command->add_option("--listen", test_server.listen, "Address to listen on")
      ->capture_default_str();
  test_server_command->add_option("--port", test_server.port, "0: any free port")->capture_default_str();
  test_server_command->add_flag("--zero-values", test_server.zero_values,
                                "Send configurations with every member, as servers written in Go do");
  app.require_subcommand(0, 1);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (health_check) return run_health_check(file);
  if (*demo_command) return run_demo(demo);
  if (*check_command) return run_check(file);
  if (*hash_command) return run_hash_password();
  if (*totp_command) return run_totp_secret(totp);
  if (*test_server_command) return run_test_auth_server(test_server);
  if (*serve_command || app.count("--config") > 0) return run_serve(file);
  fmt::print("{}", app.help());
  return 2;
}

}  // namespace fairlead::daemon
