// SPDX-License-Identifier: Apache-2.0
// Bodies of channel opens and of global requests: there and back, and what is not allowed in them.
#include "unit/protocol/bodies.hpp"

#include <fairlead/ssh/channel_types.hpp>
#include <fairlead/ssh/global_requests.hpp>
#include <fairlead/ssh/limits.hpp>

#include <string>

namespace fairlead::ssh::test {
namespace {

using std::string_view;

const HostPort here{"127.0.0.1", 51234};
const HostPort there{"db.example.com", 5432};

TEST(ChannelTypes, BodiesAreStrict) {
  expect_strict(DirectTcpip{there, here});
  expect_strict(DirectTcpip{{"::1", 65535}, {"", 0}});
  expect_strict(ForwardedTcpip{{"", 8080}, here});
  expect_strict(DirectStreamlocal{"/run/docker.sock"});
  expect_strict(ForwardedStreamlocal{"relative.sock"});
  expect_strict(X11Open{here});
}

TEST(ChannelTypes, AreKnownByName) {
  EXPECT_EQ(channel_type("session"), ChannelType::session);
  EXPECT_EQ(channel_type("direct-tcpip"), ChannelType::direct_tcpip);
  EXPECT_EQ(channel_type("forwarded-tcpip"), ChannelType::forwarded_tcpip);
  EXPECT_EQ(channel_type("direct-streamlocal@openssh.com"), ChannelType::direct_streamlocal);
  EXPECT_EQ(channel_type("forwarded-streamlocal@openssh.com"), ChannelType::forwarded_streamlocal);
  EXPECT_EQ(channel_type("x11"), ChannelType::x11);
  EXPECT_EQ(channel_type("auth-agent@openssh.com"), ChannelType::auth_agent);
  EXPECT_EQ(channel_type("agent-connect"), ChannelType::auth_agent);
  // PROTOCOL section 2.3: a network device of the host is nothing for anybody.
  EXPECT_EQ(channel_type("tun@openssh.com"), ChannelType::other);
  EXPECT_EQ(channel_type(""), ChannelType::other);
}

TEST(ChannelTypes, FieldsArriveWhereTheyBelong) {
  const auto direct = DirectTcpip::decode(make_message([](WireWriter& w) {
    w.string(string_view("db.example.com")).u32(5432).string(string_view("127.0.0.1")).u32(51234);
  }));
  ASSERT_TRUE(direct);
  EXPECT_EQ(direct->target, there);
  EXPECT_EQ(direct->originator, here);
  const auto forwarded = ForwardedTcpip::decode(DirectTcpip{there, here}.encode());
  ASSERT_TRUE(forwarded);
  EXPECT_EQ(forwarded->listener, there);
  EXPECT_EQ(forwarded->originator, here);
}

// CN-15.
TEST(ChannelTypes, PortsAndHostsAreChecked) {
  const auto direct = [](string_view host, std::uint32_t port, std::uint32_t from_port = 1) {
    return DirectTcpip::decode(make_message([&](WireWriter& w) {
             w.string(host).u32(port).string(string_view("127.0.0.1")).u32(from_port);
           }))
        .has_value();
  };
  EXPECT_TRUE(direct("h", 65535, 65535));
  EXPECT_FALSE(direct("h", 65536));
  EXPECT_FALSE(direct("h", 0xffffffff));
  EXPECT_FALSE(direct("h", 1, 65536));
  EXPECT_TRUE(direct(std::string(limits::host_name, 'h'), 1));
  EXPECT_FALSE(direct(std::string(limits::host_name + 1, 'h'), 1));
  EXPECT_TRUE(direct("fe80::1%eth0", 1));
  for (const string_view host : {"", "a b", "a\n", "a\x1b[2J", "\x7f", "\xc3\xbc.example"})
    EXPECT_FALSE(direct(host, 1)) << host;
  EXPECT_FALSE(direct(string_view("a\0b", 3), 1));
}

TEST(ChannelTypes, PathsAreChecked) {
  const auto good = [](string_view path) { return accepted(DirectStreamlocal{std::string(path)}); };
  EXPECT_TRUE(good(std::string(limits::socket_path, 'p')));
  EXPECT_FALSE(good(std::string(limits::socket_path + 1, 'p')));
  EXPECT_FALSE(good(""));
  EXPECT_FALSE(good(string_view("\0abstract", 9)));
  EXPECT_FALSE(good(string_view("/run/a\0/b", 9)));
  EXPECT_TRUE(good("/tmp/with space"));
}

// OpenSSH writes the originator where the protocol says "reserved".
TEST(ChannelTypes, ReservedFieldsOfStreamlocalAreIgnored) {
  const auto opened = DirectStreamlocal::decode(make_message(
      [](WireWriter& w) { w.string(string_view("/s")).string(string_view("127.0.0.1")).u32(65535); }));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->path, "/s");
}

TEST(GlobalRequests, BodiesAreStrict) {
  expect_strict(TcpipForward{{"", 0}});
  expect_strict(TcpipForward{{"localhost", 8080}});
  expect_strict(TcpipForwardReply{40000});
  expect_strict(CancelTcpipForward{{"::", 40000}});
  expect_strict(StreamlocalForward{"/tmp/s"});
  expect_strict(CancelStreamlocalForward{"/tmp/s"});
  expect_strict(NoMoreSessions{});
}

TEST(GlobalRequests, PortsPathsAndRepliesAreChecked) {
  EXPECT_FALSE(
      TcpipForward::decode(make_message([](WireWriter& w) { w.string(string_view("")).u32(65536); })));
  EXPECT_FALSE(
      CancelTcpipForward::decode(make_message([](WireWriter& w) { w.string(string_view("a b")).u32(1); })));
  EXPECT_FALSE(TcpipForwardReply::decode(make_message([](WireWriter& w) { w.u32(0); })));
  EXPECT_FALSE(TcpipForwardReply::decode(make_message([](WireWriter& w) { w.u32(65536); })));
  EXPECT_FALSE(accepted(StreamlocalForward{std::string(limits::socket_path + 1, 'p')}));
  EXPECT_FALSE(accepted(CancelStreamlocalForward{""}));
}

// CVE-2026-42189's kind: nothing is reserved for what the peer only claims, and there is an end to it.
TEST(GlobalRequests, ListsOfKeysAreBounded) {
  const std::vector<std::byte> blob(3, std::byte{7});
  HostKeys keys;
  EXPECT_FALSE(accepted(keys));
  for (std::size_t i = 0; i < limits::host_keys; ++i) keys.keys.push_back(blob);
  EXPECT_TRUE(accepted(keys));
  EXPECT_EQ(HostKeys::decode(keys.encode())->keys, keys.keys);
  EXPECT_TRUE(accepted(HostKeysProve{keys.keys}));
  EXPECT_TRUE(accepted(HostKeysProof{keys.keys}));
  keys.keys.push_back(blob);
  EXPECT_FALSE(accepted(keys));
  EXPECT_FALSE(accepted(HostKeysProve{keys.keys}));
  EXPECT_FALSE(accepted(HostKeys{{{}}}));
  EXPECT_FALSE(HostKeys::decode(make_message([](WireWriter& w) { w.u32(0xffffffff); })));
  EXPECT_FALSE(HostKeys::decode(make_message([](WireWriter& w) { w.string(string_view("key")).byte(1); })));
}

TEST(GlobalRequests, AProofOfAHostKeyCoversTheSessionAndTheKey) {
  const auto covered = HostKeysProve::statement(as_bytes("sid"), as_bytes("key"));
  EXPECT_EQ(covered, make_message([](WireWriter& w) {
              w.string(string_view("hostkeys-prove-00@openssh.com"));
              w.string(string_view("sid")).string(string_view("key"));
            }));
}

}  // namespace
}  // namespace fairlead::ssh::test
