// SPDX-License-Identifier: Apache-2.0
// Endpoint addresses: what is understood, what is refused, and percent encoding.
#include "http/client.hpp"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

TEST(Endpoint, UnixSocket) {
  const auto endpoint = Endpoint::parse("unix:///var/run/docker.sock");
  EXPECT_EQ(endpoint.kind, Endpoint::Kind::unix_socket);
  EXPECT_EQ(endpoint.path, "/var/run/docker.sock");
  EXPECT_EQ(endpoint.name(), "/var/run/docker.sock");
}

TEST(Endpoint, HostsPortsAndPrefixes) {
  struct Case {
    const char* url;
    Endpoint::Kind kind;
    const char* host;
    int port;
    const char* path;
    const char* name;
  };
  using enum Endpoint::Kind;
  for (const Case& c : {Case{"tcp://10.0.0.1", tcp, "10.0.0.1", 2375, "", "10.0.0.1:2375"},
                        Case{"tcp://host:99", tcp, "host", 99, "", "host:99"},
                        Case{"http://a.example/api/", tcp, "a.example", 80, "/api", "a.example:80"},
                        Case{"https://a.example", tls, "a.example", 443, "", "a.example:443"},
                        Case{"https://[::1]:6443", tls, "::1", 6443, "", "[::1]:6443"},
                        Case{"tcp://[fe80::1]", tcp, "fe80::1", 2375, "", "[fe80::1]:2375"}}) {
    const auto endpoint = Endpoint::parse(c.url);
    EXPECT_EQ(endpoint.kind, c.kind) << c.url;
    EXPECT_EQ(endpoint.host, c.host) << c.url;
    EXPECT_EQ(endpoint.port, c.port) << c.url;
    EXPECT_EQ(endpoint.path, c.path) << c.url;
    EXPECT_EQ(endpoint.name(), c.name) << c.url;
  }
}

TEST(Endpoint, RefusesWhatItDoesNotUnderstand) {
  for (const char* url : {"", "127.0.0.1:2375", "/var/run/docker.sock", "unix://relative", "ssh://host",
                          "npipe:////./pipe/docker_engine", "tcp://", "tcp://:2375", "tcp://host:0",
                          "tcp://host:65536", "tcp://host:12x", "http://a b", "http://a\r\nX: y",
                          "tcp://[::1", "tcp://[::1]x", "http://user@host", "http://host/a?b"}) {
    try {
      (void)Endpoint::parse(url);
      ADD_FAILURE() << url << " was accepted";
    } catch (const HttpError& error) {
      EXPECT_EQ(error.kind(), Failure::endpoint) << url;
      EXPECT_NE(std::string(error.what()).find("not a usable address"), std::string::npos);
    }
  }
}

TEST(PercentEncode, KeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("{\"label\":[\"a=b\"]}"), "%7B%22label%22%3A%5B%22a%3Db%22%5D%7D");
  EXPECT_EQ(percent_encode("a b/\xc3\xa9\r\n"), "a%20b%2F%C3%A9%0D%0A");
}

}  // namespace
}  // namespace fairlead::http
