// SPDX-License-Identifier: Apache-2.0
// Configuration files, YAML or JSON by the first byte: either a list of located errors or values within their
// limits.
#include "config/load.hpp"
#include "config/values.hpp"
#include "fuzz/fuzz_input.hpp"

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

void check_config(const config::Config& config) {
  using namespace std::chrono_literals;
  require(config.backend == "oci" || config.backend == "docker");
  require(config.backend != "oci" || !config.oci.image.empty());
  require(config.ssh.login_grace_time >= 1s && config.ssh.max_connections > 0);
  require(config.ssh.client_alive_interval == 0s || config.ssh.client_alive_interval >= 1s);
  require(!config.auth.password_method.empty() || !config.auth.public_key_method.empty());
  require(!config.auth.local_users_file.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const std::string_view text = input.substr(1);
  check_values(text);
  const auto format = (data[0] & 1) != 0 ? config::Format::json : config::Format::yaml;
  const auto config = config::parse(text, "file", format);
  if (config) {
    check_config(*config);
    return 0;
  }
  require(!config.error().empty());
  for (const auto& error : config.error()) require(error.starts_with("file:"));
  return 0;
}
