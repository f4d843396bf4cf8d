// SPDX-License-Identifier: Apache-2.0
// Configuration files, YAML or JSON by the first byte, and answers of the configuration webhook: either a
// list of located errors or values within their limits, whose dump is the same configuration.
#include "config/dump.hpp"
#include "config/load.hpp"
#include "config/overlay.hpp"
#include "config/values.hpp"
#include "fuzz/fuzz_input.hpp"

#include <boost/json.hpp>

#include <cstdint>
#include <string_view>

using namespace fairlead;
using ssh::fuzz::require;

namespace {

void check_values(std::string_view text) {
  if (const auto duration = config::parse_duration(text)) {
    require(duration->count() >= 0);
    require(config::parse_duration(config::to_text(*duration)) == *duration);
  }
  (void)config::parse_size(text);
  (void)config::parse_real(text);
}

void check_backend(const config::Config& config) {
  require(config.backend == "oci" || config.backend == "docker");
  require(config.backend != "oci" || !config.oci.image.empty());
}

void check_config(const config::Config& config) {
  using namespace std::chrono_literals;
  if (config.config_server.url.empty()) check_backend(config);
  require(config.config_server.url.empty() || config.config_server.url.starts_with("http"));
  require(config.ssh.login_grace_time >= 1s && config.ssh.max_connections > 0);
  require(config.ssh.client_alive_interval == 0s || config.ssh.client_alive_interval >= 1s);
  const config::Auth& auth = config.auth;
  require(!auth.password_method.empty() || !auth.public_key_method.empty() ||
          !auth.keyboard_interactive_method.empty());
  const bool local = auth.password_method == "local" || auth.public_key_method == "local" ||
                     auth.keyboard_interactive_method == "local";
  require(!local || !auth.local_users_file.empty());
  require(auth.password_method != "webhook" || auth.password_webhook.url.starts_with("http"));
}

// What waits for the configuration server is not in a dump.
void check_dump(const config::Config& config) {
  if (!config.postponed.empty()) return;
  const auto first = config::dump(config, config::Secrets::shown);
  const auto again = config::parse(boost::json::serialize(first), "dump", config::Format::json);
  require(again && config::dump(*again, config::Secrets::shown) == first);
}

const config::Config& overlaid_file() {
  static const config::Config config =
      config::parse(
          "auth: {password: {method: local}, local: {usersFile: /u}}\n"
          "configserver: {url: 'http://h'}\nbackend: docker\nsecurity: {shell: {mode: deny}}\n"
          "docker: {execution: {container: {labels: {a: b}}, host: {memory: 64M}}}\noci: {image: /i}\n",
          "file")
          .value();
  return config;
}

void check_overlay(std::string_view text) {
  boost::json::error_code failure;
  const boost::json::value answer = boost::json::parse({text.data(), text.size()}, failure);
  if (failure) return;
  const config::Config& file = overlaid_file();
  const auto result = config::overlay(file, answer);
  if (!result) {
    require(!result.error().empty());
    return;
  }
  check_backend(result->config);
  require(result->config.ssh.listen == file.ssh.listen && result->config.auth.password_method == "local");
  require(result->config.security.shell.mode != config::Mode::inherit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view text = input.substr(1);
  check_values(text);
  if ((data[0] & 2) != 0) {
    check_overlay(text);
    return 0;
  }
  const auto format = (data[0] & 1) != 0 ? config::Format::json : config::Format::yaml;
  const auto config = config::parse(text, "file", format);
  if (config) {
    check_config(*config);
    check_dump(*config);
    return 0;
  }
  require(!config.error().empty());
  for (const auto& error : config.error()) require(error.starts_with("file:"));
  return 0;
}
