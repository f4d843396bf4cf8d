// SPDX-License-Identifier: Apache-2.0
// The blocks of HTTP clients and servers (services.md sections 0.6 and 0.7), and the sections that are little
// else.
#include "config/sections.hpp"
#include "config/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;

// IANA's, OpenSSL's and GnuTLS's name; TLS 1.3 suites have one.
using Spellings = std::array<std::string_view, 3>;
constexpr std::array<Spellings, 9> cipher_suites{
    {{"TLS_AES_128_GCM_SHA256"},
     {"TLS_AES_256_GCM_SHA384"},
     {"TLS_CHACHA20_POLY1305_SHA256"},
     {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256",
      "TLS_ECDHE_ECDSA_AES_128_GCM_SHA256"},
     {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
      "TLS_ECDHE_RSA_AES_128_GCM_SHA256"},
     {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384",
      "TLS_ECDHE_ECDSA_AES_256_GCM_SHA384"},
     {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
      "TLS_ECDHE_RSA_AES_256_GCM_SHA384"},
     {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305",
      "TLS_ECDHE_ECDSA_CHACHA20_POLY1305"},
     {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
      "TLS_ECDHE_RSA_CHACHA20_POLY1305"}}};
constexpr std::array<Spellings, 4> curves{
    {{"x25519", "X25519"}, {"secp256r1", "prime256v1"}, {"secp384r1"}, {"secp521r1"}}};

std::string_view canonical(std::span<const Spellings> table, std::string_view name) {
  for (const Spellings& spellings : table)
    if (!name.empty() && std::ranges::find(spellings, name) != spellings.end()) return spellings.front();
  return {};
}

void show_client(Visitor& section, HttpClient& client) {
  section.field("url", client.url);
  section.field("allowRedirects", client.allow_redirects);
  describe_timeout(section, "timeout", client.timeout);
  section.pem("cacert", client.cacert);
  section.pem("cert", client.cert);
  section.pem("key", client.key);
  describe(section, client.tls);
}

void describe_answers(Visitor& section, AnswerRules& rules) {
  section.field("restrict", rules.restrict);
  if (section.field("allow", rules.allow) && !rules.restrict && !rules.allow.empty())
    section.warning("allow", "has no effect without restrict: answers may set everything");
  if (!section.field("allowMounts", rules.allow_mounts)) return;
  for (const std::string& directory : rules.allow_mounts)
    if (!directory.starts_with('/'))
      section.error("allowMounts", fmt::format("\"{}\" is no absolute path", directory));
}

}  // namespace

void check_client(Visitor& section, const HttpClient& client) {
  check_url(section, "url", client.url);
  check_authorities(section, "cacert", client.cacert);
  check_key_pair(section, client.cert, client.key);
}

void describe_timeout(Visitor& section, std::string_view key, Duration& value) {
  if (section.field(key, value) && value < 100ms) section.error(key, "must be at least 100ms");
}

void describe(Visitor& section, Tls& tls) {
  constexpr std::array<std::string_view, 2> versions{"1.2", "1.3"};
  section.choice("tlsVersion", tls.minimum_version, {versions});
  if (section.alias("curves", "curve")) section.warning("curve", "is named curves");
  section.names("curves", tls.curves,
                {"curve", [](std::string_view name) { return canonical(curves, name); }});
  section.names("cipher", tls.ciphers,
                {"cipher suite", [](std::string_view name) { return canonical(cipher_suites, name); }});
}

void describe(Visitor& section, HttpClient& client, bool in_use) {
  show_client(section, client);
  if (in_use) check_client(section, client);
}

void describe(Visitor& section, HttpServer& server, bool in_use) {
  section.field("listen", server.listen);
  section.pem("key", server.key);
  section.pem("cert", server.cert);
  section.pem("clientcacert", server.clientcacert);
  describe(section, server.tls);
  if (!in_use) return;
  if (!is_listen_address(server.listen))
    section.error("listen", "must be host:port, with an IPv6 address in brackets");
  check_authorities(section, "clientcacert", server.clientcacert);
  check_key_pair(section, server.cert, server.key);
  // Who writes it believes that clients have to show a certificate.
  if (!server.clientcacert.empty() && server.cert.empty() && server.key.empty())
    section.error("clientcacert", "has no effect without cert and key");
}

void describe(Visitor& section, Webhook& webhook, bool in_use) {
  describe(section, static_cast<HttpClient&>(webhook), in_use);
  describe_timeout(section, "authTimeout", webhook.auth_timeout);
}

void describe(Visitor& section, AuthzWebhook& webhook, bool in_use) {
  describe(section, static_cast<Webhook&>(webhook), in_use);
  section.field("transmitSensitiveMetadata", webhook.transmit_sensitive_metadata);
}

void describe(Visitor& section, ConfigServer& server) {
  show_client(section, server);
  if (!server.url.empty()) check_client(section, server);
  section.field("transmitSensitiveMetadata", server.transmit_sensitive_metadata);
  section.field("cacheTime", server.cache_time);
  section.section("answers", [&](Visitor& own) { describe_answers(own, server.answers); });
}

void describe(Visitor& section, Health& health) {
  section.field("enable", health.enable);
  describe(section, static_cast<HttpServer&>(health), health.enable);
  section.section("client", [&](Visitor& client) { describe(client, health.client, health.enable); });
}

void describe(Visitor& section, Metrics& metrics) {
  section.field("enable", metrics.enable);
  describe(section, static_cast<HttpServer&>(metrics), metrics.enable);
  section.field("path", metrics.path);
  if (!metrics.enable) return;
  if (metrics.path.empty()) section.error("path", "must not be empty");
  section.error("enable", "the metrics server is not built yet");
}

}  // namespace fairlead::config
