// SPDX-License-Identifier: Apache-2.0
// UA-7: what is left of a password in the buffer that it came in.
#include "protocol/message_numbers.hpp"
#include "protocol/user_auth_server.hpp"
#include "support/ssh_peers.hpp"

#include <gtest/gtest.h>

namespace fairlead::ssh::test {
namespace {

// A server whose buffer can be looked at when it has read a message.
struct ReadingServer {
  ReadingServer() {
    server.host_keys.push_back(test_key());
    pump(server, client);
  }
  auto read(Bytes whole) {
    message.assign(whole.begin(), whole.end());
    return auth.on_message(message);
  }

  FixedRandom random;
  const EngineConfig config = server_config();
  TransportPeer server{config}, client{client_config()};
  UserAuthServer auth{config, server.transport()};
  std::vector<std::byte> message;
};

TEST(UserAuthServer, ThePasswordIsWipedFromTheInput) {
  ReadingServer reading;
  const auto told = reading.read(
      Payload(msg::userauth_request, "alice", "ssh-connection", "password", false, "a secret word"));
  ASSERT_TRUE(told && *told);
  EXPECT_EQ(as_text(std::get<event::AuthAttempt>(**told).password), "a secret word");
  EXPECT_EQ(as_text(reading.message).find("secret"), std::string_view::npos);
}

TEST(UserAuthServer, ThePasswordIsWipedWhateverBecomesOfTheRequest) {
  ReadingServer reading;
  ASSERT_FALSE(reading.read(
      Payload(msg::userauth_request, "alice", "another-service", "password", false, "a secret word")));
  EXPECT_EQ(as_text(reading.message).find("secret"), std::string_view::npos);
}

}  // namespace
}  // namespace fairlead::ssh::test
