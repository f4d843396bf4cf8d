// SPDX-License-Identifier: Apache-2.0
// connect(): from a TCP socket to a server that has let us in.
#include "protocol/version_exchange.hpp"
#include "ssh/client_login.hpp"
#include "ssh/connection_impl.hpp"

#include <fairlead/ssh/client.hpp>

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace fairlead::ssh {
namespace {

std::shared_ptr<const EngineConfig> engine_config(const ClientConfig& config) {
  auto engine = std::make_shared<EngineConfig>();
  engine->role = Role::client;
  engine->identification = config.identification;
  engine->algorithms.key_exchanges = config.key_exchanges;
  engine->algorithms.host_key_algorithms = config.host_key_algorithms;
  if (config.host_key_algorithms.empty() && !config.host_authorities.empty()) {
    auto names = host_certificate_algorithms();
    std::ranges::copy(AlgorithmPreferences::defaults().host_key_algorithms, std::back_inserter(names));
    engine->algorithms.host_key_algorithms = std::move(names);
  }
  engine->algorithms.ciphers = config.ciphers;
  engine->algorithms.macs = config.macs;
  engine->require_strict_kex = config.require_strict_kex;
  engine->padding_unit = config.padding_unit;
  engine->rekey_bytes = config.rekey_bytes;
  engine->rekey_interval = config.rekey_interval;
  return engine;
}

}  // namespace

Task<AcceptedConnection> connect(asio::ip::tcp::socket socket, std::shared_ptr<const ClientConfig> config) {
  if (const auto valid = check_identification(config->identification); !valid)
    throw ConnectionError(valid.error());
  const auto connection = std::make_shared<ConnectionImpl>(std::move(socket), engine_config(*config));
  AcceptedConnection connected = connection->handles();
  auto login = std::make_unique<ClientLogin>(*connection, config);
  co_await connection->log_in(std::move(login), config->login_deadline);
  connection->run();
  co_return std::move(connected);
}

}  // namespace fairlead::ssh
