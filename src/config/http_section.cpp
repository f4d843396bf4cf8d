// SPDX-License-Identifier: Apache-2.0
// The blocks of HTTP clients and servers, and the sections that are little else.
#include "config/sections.hpp"

#include <array>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

void read_timeout(Section& section, std::string_view key, Duration& value) {
  if (section.read_duration(key, value) && value < 100ms) section.error(key, "must be at least 100ms");
}

void read_tls(Section& section, Tls& tls) {
  constexpr std::array<std::string_view, 2> versions{"1.2", "1.3"};
  section.read_choice("tlsVersion", tls.minimum_version, versions);
  section.read("curves", tls.curves);
  section.read("cipher", tls.ciphers);
}

}  // namespace

void read_http_client(Section& section, HttpClient& client) {
  section.read("url", client.url);
  section.read("allowRedirects", client.allow_redirects);
  read_timeout(section, "timeout", client.timeout);
  section.read("cacert", client.cacert);
  section.read("cert", client.cert);
  section.read("key", client.key);
  read_tls(section, client.tls);
}

void read_http_server(Section& section, HttpServer& server) {
  section.read("listen", server.listen);
  section.read("key", server.key);
  section.read("cert", server.cert);
  section.read("clientcacert", server.clientcacert);
  read_tls(section, server.tls);
}

void read_webhook(Section& section, Webhook& webhook) {
  read_http_client(section, webhook);
  read_timeout(section, "authTimeout", webhook.auth_timeout);
}

void read_config_server(Section& section, ConfigServer& server) {
  read_http_client(section, server);
  section.read("transmitSensitiveMetadata", server.transmit_sensitive_metadata);
}

void read_health(Section& section, Health& health) {
  read_http_server(section, health);
  section.read("enable", health.enable);
  Section client = section.section("client");
  read_http_client(client, health.client);
}

}  // namespace fairlead::config
