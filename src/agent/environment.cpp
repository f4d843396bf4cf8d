// SPDX-License-Identifier: Apache-2.0
// Layers of variables, the later ones over the earlier.
#include "agent/environment.hpp"

#include <string_view>

namespace fairlead::agent {
namespace {

// Docker's, for images that set none.
constexpr std::string_view default_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string user_name(const link::Setup& setup, const Account& account) {
  if (!account.name.empty()) return account.name;
  return setup.login_name.empty() ? std::to_string(account.uid) : setup.login_name;
}

void describe_connection(Environment& environment, const link::Setup& setup) {
  if (setup.client_address.empty()) return;
  const std::string client = setup.client_address + ' ' + std::to_string(setup.client_port) + ' ';
  const std::string port = std::to_string(setup.server_port);
  environment["SSH_CLIENT"] = client + port;
  environment["SSH_CONNECTION"] = client + setup.server_address + ' ' + port;
}

}  // namespace

Environment inherited_environment(const char* const* environment) {
  Environment inherited;
  for (; *environment != nullptr; ++environment) {
    const std::string_view variable = *environment;
    const auto name = variable.substr(0, variable.find('='));
    if (name.size() == variable.size() || name.empty() || name == "TERM" || name.starts_with("SSH_"))
      continue;
    inherited.insert_or_assign(std::string(name), std::string(variable.substr(name.size() + 1)));
  }
  return inherited;
}

Environment make_environment(const Environment& inherited, const link::Setup& setup, const Account& account,
                             const ClientEnvironment& client) {
  Environment environment = inherited;
  environment.try_emplace("PATH", default_path);
  environment["USER"] = environment["LOGNAME"] = user_name(setup, account);
  environment["HOME"] = account.home;
  environment["SHELL"] = account.shell;
  for (const auto& [name, value] : setup.environment) environment[name] = value;
  for (const auto& [name, value] : client.variables) environment[name] = value;
  for (const auto& [name, value] : setup.fixed_environment) environment[name] = value;
  describe_connection(environment, setup);
  if (!client.term.empty()) environment["TERM"] = client.term;
  if (!client.tty_name.empty()) environment["SSH_TTY"] = client.tty_name;
  return environment;
}

std::vector<std::string> environment_strings(const Environment& environment) {
  std::vector<std::string> strings;
  strings.reserve(environment.size());
  for (const auto& [name, value] : environment) strings.emplace_back(name).append("=").append(value);
  return strings;
}

}  // namespace fairlead::agent
