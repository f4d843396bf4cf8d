// SPDX-License-Identifier: Apache-2.0
// The set-up request between daemon and agent: there and back, and what is refused.
#include "link/agent_link.hpp"

#include "base/wire.hpp"

#include <gtest/gtest.h>

namespace fairlead::link {
namespace {

using ssh::Bytes;
using ssh::Errc;
using Sent = Setup;  // inside a test, Setup is one of GoogleTest's own names

Sent full_setup() {
  Sent setup;
  setup.user = "alice:users";
  setup.login_name = "alice@example";
  setup.working_directory = "/srv";
  setup.shell_command = {"/bin/bash", "-l", ""};
  setup.environment = {{"LANG", "C.UTF-8"}, {"EMPTY", ""}};
  setup.fixed_environment = {{"TOKEN", "1234"}};
  setup.client_address = "192.0.2.1";
  setup.server_address = "2001:db8::1";
  setup.client_port = 65535;
  setup.server_port = 22;
  setup.subsystems = {{"sftp", "/usr/lib/sftp-server"}};
  setup.file_transfer = "internal";
  return setup;
}

TEST(AgentLink, SetupSurvivesTheWay) {
  const auto decoded = Sent::decode(full_setup().encode());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->user, "alice:users");
  EXPECT_EQ(decoded->login_name, "alice@example");
  EXPECT_EQ(decoded->working_directory, "/srv");
  EXPECT_EQ(decoded->shell_command, full_setup().shell_command);
  EXPECT_EQ(decoded->environment, full_setup().environment);
  EXPECT_EQ(decoded->fixed_environment, full_setup().fixed_environment);
  EXPECT_EQ(decoded->client_address, "192.0.2.1");
  EXPECT_EQ(decoded->server_address, "2001:db8::1");
  EXPECT_EQ(decoded->client_port, 65535);
  EXPECT_EQ(decoded->server_port, 22);
  EXPECT_EQ(decoded->subsystems, full_setup().subsystems);
  EXPECT_EQ(decoded->file_transfer, "internal");
}

TEST(AgentLink, DefaultSetupSurvivesTheWay) {
  const auto decoded = Sent::decode(Sent{}.encode());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->file_transfer, "auto");
  EXPECT_TRUE(decoded->shell_command.empty());
}

TEST(AgentLink, TruncatedAndTrailingBytesAreRefused) {
  auto encoded = full_setup().encode();
  for (std::size_t size = 0; size < encoded.size(); ++size)
    EXPECT_FALSE(Sent::decode(Bytes(encoded).first(size))) << size;
  encoded.push_back(std::byte{0});
  EXPECT_EQ(Sent::decode(encoded).error().code, Errc::bad_message);
}

TEST(AgentLink, OtherVersionsAreRefused) {
  auto encoded = full_setup().encode();
  for (const int version : {0, 1, 3}) {
    encoded[3] = static_cast<std::byte>(version);
    EXPECT_FALSE(Sent::decode(encoded)) << version;
  }
}

TEST(AgentLink, BadValuesAreRefused) {
  const auto refused = [](auto change) {
    Sent setup = full_setup();
    change(setup);
    return !Sent::decode(setup.encode());
  };
  EXPECT_TRUE(refused([](Sent& s) { s.user = std::string("a\0b", 3); }));
  EXPECT_TRUE(refused([](Sent& s) { s.shell_command = {std::string("\0", 1)}; }));
  EXPECT_TRUE(refused([](Sent& s) { s.environment = {{"", "x"}}; }));
  EXPECT_TRUE(refused([](Sent& s) { s.environment = {{"A=B", "x"}}; }));
  EXPECT_TRUE(refused([](Sent& s) { s.environment = {{"A", std::string("\0", 1)}}; }));
  EXPECT_TRUE(refused([](Sent& s) { s.fixed_environment = {{"A=B", "x"}}; }));
  EXPECT_TRUE(refused([](Sent& s) { s.file_transfer = "sometimes"; }));
  EXPECT_TRUE(refused([](Sent& s) { s.file_transfer = ""; }));
  EXPECT_FALSE(refused([](Sent&) {}));
}

TEST(AgentLink, HugeCountsCostNothing) {
  ssh::ByteBuffer buffer;
  ssh::WireWriter writer(buffer);
  writer.u32(2);
  for (int i = 0; i < 3; ++i) writer.string(std::string_view{});
  writer.u32(0xffffffff);
  EXPECT_FALSE(Sent::decode(buffer.readable()));
}

TEST(AgentLink, PathsOfFilesAreAbsoluteAndPlain) {
  for (const char* path : {"/f", "/etc/a b", "/home/alice/.config/token", "/...", "/a/..b"})
    EXPECT_TRUE(is_file_path(path)) << path;
  for (const char* path :
       {"", "f", "etc/f", "/", "//f", "/a//f", "/a/", "/.", "/..", "/a/./f", "/a/../f", "/a/.."})
    EXPECT_FALSE(is_file_path(path)) << path;
  EXPECT_FALSE(is_file_path(std::string_view("/a\0b", 4)));
  EXPECT_TRUE(is_file_path('/' + std::string(4094, 'a')));
  EXPECT_FALSE(is_file_path('/' + std::string(4095, 'a')));
}

}  // namespace
}  // namespace fairlead::link
