// SPDX-License-Identifier: Apache-2.0
// accept(): from a TCP socket to an authenticated client.
#include "protocol/transport.hpp"
#include "protocol/version_exchange.hpp"
#include "ssh/connection_impl.hpp"
#include "ssh/server_login.hpp"

#include <fairlead/ssh/server.hpp>

#include <algorithm>
#include <memory>
#include <tuple>
#include <utility>

namespace fairlead::ssh {
namespace {

// Offering any other would mean to promise what cannot be kept.
bool is_for(const Certificate& certificate, const std::vector<PublicKey>& keys) {
  return certificate.role() == Certificate::Role::host &&
         std::ranges::find(keys, certificate.key()) != keys.end();
}

std::shared_ptr<const EngineConfig> make_engine_config(const ServerConfig& config) {
  auto engine = std::make_shared<EngineConfig>();
  engine->role = Role::server;
  engine->identification = config.identification;
  engine->algorithms.key_exchanges = config.key_exchanges;
  engine->algorithms.ciphers = config.ciphers;
  engine->algorithms.macs = config.macs;
  if (config.host_keys) {
    engine->host_keys = config.host_keys->public_keys();
    engine->host_certificates = config.host_keys->certificates();
    std::erase_if(engine->host_certificates,
                  [&](const Certificate& certificate) { return !is_for(certificate, engine->host_keys); });
  }
  engine->banner = config.banner;
  if (config.authenticator)
    engine->auth_methods = offered_methods(config, config.authenticator->methods());
  else
    engine->auth_methods = {"none", "password", "publickey"};
  engine->auth_failures = config.auth_failures;
  engine->require_strict_kex = config.require_strict_kex;
  engine->padding_unit = config.padding_unit;
  engine->rekey_bytes = config.rekey_bytes;
  engine->rekey_interval = config.rekey_interval;
  engine->channels = config.channels;
  return engine;
}

// Made once per configuration and thread: ten thousand connections share it.
std::shared_ptr<const EngineConfig> engine_config(const std::shared_ptr<const ServerConfig>& config) {
  thread_local std::weak_ptr<const ServerConfig> source;
  thread_local std::shared_ptr<const EngineConfig> made;
  const bool same = !source.owner_before(config) && !config.owner_before(source);
  if (!made || !same) {
    made = make_engine_config(*config);
    source = config;
  }
  return made;
}

}  // namespace

Task<AcceptedServerConnection> accept(asio::ip::tcp::socket socket,
                                      std::shared_ptr<const ServerConfig> config) {
  if (const auto valid = check_identification(config->identification); !valid)
    throw ConnectionError(valid.error());
  boost::system::error_code gone;
  const auto client = socket.remote_endpoint(gone);
  const auto connection = std::make_shared<ConnectionImpl>(std::move(socket), engine_config(config));
  AcceptedServerConnection accepted{connection->handles(), {}};
  auto login = std::make_unique<ServerLogin>(*connection, config, client);
  ServerLogin& result = *login;
  co_await connection->log_in(std::move(login), config->login_grace);
  accepted.login = result.take_info();
  result.announce_host_keys();
  connection->keep_alive(config->alive_interval, config->alive_count);
  connection->run();
  co_return std::move(accepted);
}

std::vector<std::byte> refusal(std::string_view identification, DisconnectReason reason,
                               std::string_view text) {
  ByteBuffer output;
  output.append(as_bytes(identification));
  output.append(as_bytes("\r\n"));
  PacketWriter writer(output, nullptr);
  const ByteBuffer message = disconnect_message(reason, text);
  std::ignore = writer.write(message.readable());  // cannot fail without a cipher
  const Bytes bytes = std::as_const(output).readable();
  return {bytes.begin(), bytes.end()};
}

}  // namespace fairlead::ssh
