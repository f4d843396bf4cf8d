// SPDX-License-Identifier: Apache-2.0
// What both programs of the conformance tests can be told about their engine.
#pragma once

#include <fairlead/ssh/async.hpp>
#include <fairlead/ssh/certificate.hpp>
#include <fairlead/ssh/keys.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace conformance {

// A number of seconds.
inline void add_seconds(CLI::App& app, const std::string& name, std::chrono::seconds& target) {
  app.add_option_function<std::int64_t>(
      name, [&target](std::int64_t seconds) { target = std::chrono::seconds(seconds); });
}

// `config` is the engine's, of a server or a client; `login_limit` one of its members.
template <class Config>
void add_engine_options(CLI::App& app, Config& config, std::chrono::seconds& login_limit) {
  app.add_option("--kex", config.key_exchanges)->delimiter(',');
  app.add_option("--ciphers", config.ciphers)->delimiter(',');
  app.add_option("--macs", config.macs)->delimiter(',');
  app.add_option("--rekey-bytes", config.rekey_bytes);
  add_seconds(app, "--rekey-seconds", config.rekey_interval);
  add_seconds(app, "--login-seconds", login_limit);
}

inline void parse_or_exit(CLI::App& app, int count, char** arguments) {
  try {
    app.parse(count, arguments);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
}

// PrivateKeys or Certificates.
template <class T>
std::vector<T> load_all(const std::vector<std::string>& paths) {
  std::vector<T> all;
  all.reserve(paths.size());
  for (const auto& path : paths) all.push_back(T::load(path).value());
  return all;
}

// One a line; none without a file.
inline std::vector<fairlead::ssh::PublicKey> load_public_keys(const std::string& path) {
  std::vector<fairlead::ssh::PublicKey> keys;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    keys.push_back(fairlead::ssh::PublicKey::from_text(line).value());
  return keys;
}

}  // namespace conformance
