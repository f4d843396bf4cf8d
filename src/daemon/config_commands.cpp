// SPDX-License-Identifier: Apache-2.0
// Results go to standard output alone, so that they can be piped; everything else to standard error (W9.1).
#include "daemon/config_commands.hpp"

#include "daemon/licenses.hpp"
#include "daemon/settings.hpp"

#include <boost/json.hpp>
#include <fmt/core.h>

namespace fairlead::daemon {
namespace {

void print_warnings(const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) fmt::print(stderr, "warning: {}\n", warning);
}

// Boost writes everything in one line; two levels of it are for people.
void print_indented(const boost::json::value& value, std::string& text, std::size_t indent) {
  const auto* object = value.if_object();
  if (object == nullptr || object->empty()) {
    text += boost::json::serialize(value);
    return;
  }
  const char* separator = "{\n";
  for (const auto& member : *object) {
    text.append(separator).append(indent + 2, ' ');
    text.append(boost::json::serialize(boost::json::string(member.key()))).append(": ");
    print_indented(member.value(), text, indent + 2);
    separator = ",\n";
  }
  text.append("\n").append(indent, ' ').append("}");
}

}  // namespace

int print_errors(const config::Errors& errors) {
  for (const std::string& error : errors) fmt::print(stderr, "{}\n", error);
  return 1;
}

int run_check_config(const std::string& file) {
  auto config = config::load(file);
  if (!config) return print_errors(config.error());
  const auto settings = make_settings(std::move(*config));
  if (!settings) return print_errors(settings.error());
  print_warnings((*settings)->config->deprecated);
  print_warnings((*settings)->config->warnings);
  print_warnings((*settings)->warnings());
  fmt::print("{}: the configuration is valid\n", file);
  return 0;
}

int run_dump_config(const std::string& file, config::Secrets secrets) {
  const auto config = config::load(file, config::Validation::form);
  if (!config) return print_errors(config.error());
  print_warnings(config->deprecated);
  print_warnings(config->warnings);
  fmt::print("{}", config::to_yaml(config::dump(*config, secrets)));
  return 0;
}

int run_config_schema() {
  std::string text;
  print_indented(config::schema(), text, 0);
  fmt::print("{}\n", text);
  return 0;
}

int run_licenses() {
  fmt::print("# Fairlead\n\n{}\n# Third parties\n\n{}", license_text, notice_text);
  return 0;
}

}  // namespace fairlead::daemon
