// SPDX-License-Identifier: Apache-2.0
// The blocks of HTTP clients and servers (services.md sections 0.6 and 0.7).
#include "config/node.hpp"
#include "unit/config/config_fixture.hpp"

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string data = FAIRLEAD_TEST_DATA "/config/";

std::string quoted_file(const std::string& name) {
  std::string text = read_text_file(data + name).value();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\\n");
  return "\"\\n\\n  " + text + "\"";
}

TEST(HttpBlocks, EveryClientKeyIsRead) {
  const Config config = loaded_with(
      "configserver: {url: 'https://h:8443/config', allowRedirects: true, timeout: 500ms, tlsVersion: "
      "'1.2',\n"
      "  transmitSensitiveMetadata: true, cacert: " +
      data + "cert.pem, cert: " + data + "cert.pem, key: " + data + "key.pem}\n");
  EXPECT_EQ(config.config_server.url, "https://h:8443/config");
  EXPECT_TRUE(config.config_server.allow_redirects);
  EXPECT_EQ(config.config_server.timeout, 500ms);
  EXPECT_EQ(config.config_server.tls.minimum_version, "1.2");
  EXPECT_TRUE(config.config_server.transmit_sensitive_metadata);
  EXPECT_EQ(config.config_server.key, data + "key.pem");
}

TEST(HttpBlocks, CurvesAndCiphersAreAListOrATextInAnySpellingAndReplaceTheDefault) {
  for (const char* lists : {"curves: [X25519, prime256v1], cipher: [TLS_AES_128_GCM_SHA256, "
                            "ECDHE-RSA-AES256-GCM-SHA384, TLS_ECDHE_ECDSA_CHACHA20_POLY1305]",
                            "curves: 'x25519:secp256r1', cipher: 'TLS_AES_128_GCM_SHA256:"
                            "TLS_ECDHE_RSA_AES_256_GCM_SHA384:ECDHE-ECDSA-CHACHA20-POLY1305'"}) {
    const Config config = loaded_with(std::string("health: {") + lists + "}\n");
    EXPECT_THAT(config.health.tls.curves, ElementsAre("x25519", "secp256r1"));
    EXPECT_THAT(config.health.tls.ciphers,
                ElementsAre("TLS_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305"));
  }
  expect_error("health: {curves: []}", "health.curves (the curve list cannot be empty)");
  expect_error("health: {cipher: ''}", "health.cipher (the cipher suite list cannot be empty)");
  expect_error("health: {curves: [x448]}", "health.curves (curve not supported: x448)");
  expect_error("health: {cipher: 'TLS_AES_128_GCM_SHA256:RC4'}", "cipher suite not supported: RC4");
  expect_error("health: {curves: 'x25519:'}", "curve not supported: )");
}

TEST(HttpBlocks, TheManualsNameOfCurvesIsAnAlias) {
  const Config config = loaded_with("metrics: {curve: [secp384r1]}\n");
  EXPECT_THAT(config.metrics.tls.curves, ElementsAre("secp384r1"));
  EXPECT_THAT(config.warnings, ElementsAre("f.yaml:5: metrics.curve: is named curves"));
  expect_error("metrics: {curve: [secp384r1], curves: [x25519]}", "metrics.curve (is another name of curves");
}

TEST(HttpBlocks, VersionsAndTimesHaveTheirBounds) {
  expect_error("health: {tlsVersion: '1.1'}", "health.tlsVersion (expected one of 1.2, 1.3");
  expect_error("configserver: {timeout: 99ms}", "configserver.timeout (must be at least 100ms)");
  expect_error("configserver: {timeout: 2}", "configserver.timeout (must be at least 100ms)");
  EXPECT_EQ(loaded_with("configserver: {timeout: 2000000000}\n").config_server.timeout, 2s);
}

TEST(HttpBlocks, UrlsAreCheckedWhereTheyAreUsed) {
  for (const char* url : {"ftp://h", "HTTPS://h", "h:8080", "http://", "http:///x", "https://a b"})
    expect_error(std::string("configserver: {url: '") + url + "'}", "configserver.url (must be http://HOST");
  EXPECT_TRUE(with("health: {client: {url: nonsense}}"));
  expect_error("health: {enable: true, client: {url: nonsense}}", "health.client.url (must be");
  expect_error("health: {enable: true, listen: nowhere}", "health.listen (must be host:port");
}

TEST(HttpBlocks, CertificatesAndKeysArePairsThatCanBeLoaded) {
  const auto server = [](const std::string& keys) {
    return "configserver: {url: 'https://h', " + keys + "}\n";
  };
  EXPECT_THAT(loaded_with(server("cacert: " + quoted_file("cert.pem"))).warnings, IsEmpty());
  EXPECT_THAT(
      loaded_with(server("cert: " + quoted_file("cert.pem") + ", key: " + quoted_file("key.pem"))).warnings,
      IsEmpty());
  expect_error(server("cert: " + data + "cert.pem"),
               "configserver.key (cert and key must be given together)");
  expect_error(server("key: " + data + "key.pem"), "configserver.cert (cert and key must be given together)");
  expect_error(server("cacert: /no/such"), "configserver.cacert (/no/such: cannot be read");
  expect_error(server("cacert: " + data + "key.pem"), "configserver.cacert (holds no certificate");
  expect_error(server("cert: " + data + "cert.pem, key: " + data + "cert.pem"),
               "configserver.key (holds no private key");
  expect_error(server("cert: " + data + "cert.pem, key: " + data + "other_key.pem"),
               "configserver.key (is not the key of the certificate)");
}

TEST(HttpBlocks, ServersThatAskForCertificatesNeedTls) {
  const std::string both = "cert: " + data + "cert.pem, key: " + data + "key.pem, ";
  EXPECT_TRUE(with("health: {enable: true, " + both + "clientcacert: " + data + "cert.pem}"));
  expect_error("health: {enable: true, clientcacert: " + data + "cert.pem}",
               "health.clientcacert (has no effect without cert and key)");
}

}  // namespace
}  // namespace fairlead::config
