// SPDX-License-Identifier: Apache-2.0
// JSON, base64, two characters exchanged.
#include "backend/docker/registry_header.hpp"

#include "crypto/hash.hpp"

#include <fairlead/ssh/bytes.hpp>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace fairlead::docker {
namespace {

// "user:password" in base64, as docker login writes it into its file.
config::RegistryAuth spelled_out(config::RegistryAuth auth) {
  if (auth.auth.empty() || !auth.username.empty() || !auth.password.empty()) return auth;
  const auto decoded = ssh::from_base64(auth.auth);
  if (!decoded) return auth;
  const std::string text = ssh::to_string(*decoded);
  const auto colon = text.find(':');
  if (colon == std::string::npos) return auth;
  auth.username = text.substr(0, colon);
  auth.password = text.substr(colon + 1);
  return auth;
}

}  // namespace

std::string registry_header(const config::RegistryAuth& auth) {
  if (auth.is_empty()) return {};
  const auto given = spelled_out(auth);
  boost::json::object object;
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) object[name] = value;
  };
  set("username", given.username);
  set("password", given.password);
  set("serveraddress", given.server_address);
  set("identitytoken", given.identity_token);
  set("registrytoken", given.registry_token);
  const std::string text = boost::json::serialize(object);
  auto header = ssh::base64(ssh::as_bytes(text));
  std::ranges::replace(header, '+', '-');
  std::ranges::replace(header, '/', '_');
  return header;
}

}  // namespace fairlead::docker
