// SPDX-License-Identifier: Apache-2.0
// Users files: either a list of located errors, or users of whom nobody gets in by accident.
#include "auth/password_hash.hpp"
#include "auth/users_file.hpp"
#include "fuzz/fuzz_input.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

using namespace fairlead;
using ssh::fuzz::require;

namespace {

std::shared_ptr<const config::Config> base_config() {
  auto config = std::make_shared<config::Config>();
  config->oci.image = "/image";
  return config;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const config::Config> base = base_config();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // The fuzzer must not wander through the file system.
  if (text.find("File") != std::string_view::npos) return 0;
  const auto users = auth::Users::parse(text, "file", base);
  if (!users) {
    require(!users.error().empty());
    for (const auto& error : users.error()) require(error.starts_with("file:"));
    return 0;
  }
  for (const char* name : {"alice", "bob", ""}) {
    const auth::User* user = (*users)->find(name);
    const auto config = (*users)->config_for(name);
    require(config != nullptr && !(*users)->decoy_hash(name).empty());
    if (user == nullptr) {
      require(config == base);
      continue;
    }
    require(config->backend == "oci" || config->backend == "docker");
    require(user->password_hash.empty() || auth::check_hash_format(user->password_hash).has_value());
    for (const auto& key : user->keys)
      (void)auth::obstacle(key.restrictions, "192.0.2.1", std::chrono::sys_seconds{});
  }
  return 0;
}
