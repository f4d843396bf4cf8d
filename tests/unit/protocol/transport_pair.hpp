// SPDX-License-Identifier: Apache-2.0
// A server's and a client's transport in memory.
#pragma once

#include "support/ssh_peers.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace fairlead::ssh::test {

using KeyType = PrivateKey::Type;

// A server and a client, not yet connected.
struct Pair {
  explicit Pair(EngineConfig for_server = server_config(), EngineConfig for_client = client_config(),
                std::vector<KeyType> keys = {KeyType::ed25519})
      : server(std::move(for_server)), client(std::move(for_client)) {
    for (const auto type : keys) server.host_keys.push_back(test_key(type));
  }
  void connect(Splitter splitter = {}) { pump(server, client, splitter); }
  void authenticate() {
    connect();
    server.transport().set_authenticated();
    client.transport().set_authenticated();
    server.clear_log();
    client.clear_log();
  }

  TransportPeer server;
  TransportPeer client;
};

}  // namespace fairlead::ssh::test
