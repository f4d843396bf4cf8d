// SPDX-License-Identifier: Apache-2.0
// TH-6: how long a peer may take for the first key exchange.
#include "unit/protocol/transport_pair.hpp"

namespace fairlead::ssh::test {
namespace {

// Looked at now and `later`; whether the server is still there.
bool waits(TransportPeer& server, std::chrono::seconds later) {
  server.transport().check_rekey(server.now);
  server.now += later;
  server.transport().check_rekey(server.now);
  server.work();
  return !server.error();
}

TEST(KeyExchangeDeadline, CutsWhoSaysNothing) {
  Pair pair;
  EXPECT_TRUE(waits(pair.server, limits::early_key_exchange_deadline));
  EXPECT_FALSE(waits(pair.server, std::chrono::seconds(1)));
  EXPECT_EQ(pair.server.error()->code, Errc::timeout);
}

TEST(KeyExchangeDeadline, CutsWhoStopsAfterItsKexinit) {
  Pair pair;
  pair.server.receive(pair.client.take_output());
  EXPECT_FALSE(waits(pair.server, limits::early_key_exchange_deadline + std::chrono::seconds(1)));
  EXPECT_EQ(pair.server.error()->code, Errc::timeout);
}

// The user of a client that has never seen this key reads its fingerprint now.
TEST(KeyExchangeDeadline, IsNotForWhoComparesFingerprints) {
  Pair pair;
  pair.client.accepts_host_key = false;
  pair.connect();
  EXPECT_TRUE(waits(pair.server, std::chrono::seconds(110)));
  pair.client.transport().accept_host_key();
  pair.connect();
  EXPECT_TRUE(pair.server.told("KeysReady first"));
}

}  // namespace
}  // namespace fairlead::ssh::test
