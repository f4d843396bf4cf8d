// SPDX-License-Identifier: Apache-2.0
// PK-2: how large a packet may be, through a real socket in whatever pieces it brings.
#include "unit/ssh/raw_end.hpp"

namespace fairlead::ssh::test {
namespace {

// The IGNORE that makes a packet of this length under AES-GCM, whose blocks have 16 bytes.
Payload ignore_of(std::size_t packet_length) {
  constexpr std::size_t around =
      1 + 4 + 5;  // padding length, the least padding, number and length of the text
  return {msg::ignore, std::string(packet_length - around, 'x')};
}

class PacketSizes : public LoginTest {
 protected:
  // What the server answers to a login that comes behind such a packet.
  std::vector<int> answers_behind(const Payload& large) {
    std::vector<int> numbers;
    serve_raw(loop, pair, outcome, [&](RawEnd& client) -> Task<> {
      client.send(large);
      client.send(Payload(msg::userauth_request, "alice", "ssh-connection", "none"));
      co_await client.receive(1);
      numbers = client.numbers();
    });
    return numbers;
  }
};

TEST_F(PacketSizes, UpToTheLargestAreTaken) {
  for (const std::size_t length : {std::size_t{34'992}, limits::packet_length})
    EXPECT_EQ(answers_behind(ignore_of(length)), std::vector<int>{msg::userauth_failure}) << length;
}

TEST_F(PacketSizes, OneBlockMoreEndsTheConnection) {
  EXPECT_TRUE(answers_behind(ignore_of(limits::packet_length + 16)).empty());
  ASSERT_TRUE(outcome.server_error);
  EXPECT_EQ(outcome.server_error->code, Errc::packet_too_big);
}

}  // namespace
}  // namespace fairlead::ssh::test
