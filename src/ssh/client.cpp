// SPDX-License-Identifier: Apache-2.0
// connect(): from a TCP socket to a server that has let us in.
#include "ssh/client_login.hpp"
#include "ssh/connection_impl.hpp"

#include <fairlead/ssh/client.hpp>

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
  engine->algorithms.ciphers = config.ciphers;
  engine->algorithms.macs = config.macs;
  engine->rekey_bytes = config.rekey_bytes;
  engine->rekey_interval = config.rekey_interval;
  return engine;
}

}  // namespace

Task<AcceptedConnection> connect(asio::ip::tcp::socket socket, std::shared_ptr<const ClientConfig> config) {
  const auto connection = std::make_shared<ConnectionImpl>(std::move(socket), engine_config(*config));
  AcceptedConnection connected = connection->handles();
  auto login = std::make_unique<ClientLogin>(*connection, config);
  co_await connection->log_in(std::move(login), config->login_deadline);
  connection->run();
  co_return std::move(connected);
}

}  // namespace fairlead::ssh
