// SPDX-License-Identifier: Apache-2.0
// link(): the connection protocol over a stream that needs no protection.
#include "ssh/connection_impl.hpp"

#include <fairlead/ssh/server.hpp>

#include <memory>
#include <utility>

namespace fairlead::ssh {

AcceptedConnection link(asio::generic::stream_protocol::socket socket) {
  EngineConfig config;
  config.role = Role::link;
  static const auto shared = std::make_shared<const EngineConfig>(std::move(config));
  const auto connection = std::make_shared<ConnectionImpl>(std::move(socket), shared);
  AcceptedConnection handles = connection->handles();
  connection->run();
  return handles;
}

}  // namespace fairlead::ssh
