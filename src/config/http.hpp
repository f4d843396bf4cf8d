// SPDX-License-Identifier: Apache-2.0
// The HTTP client and server blocks that several sections share (services.md sections 0.6 and 0.7).
#pragma once

#include "config/duration.hpp"

#include <string>
#include <vector>

namespace fairlead::config {

// Names are kept as IANA spells them, whatever spelling the file used.
struct Tls {
  std::string minimum_version = "1.3";  // or "1.2"
  std::vector<std::string> curves{"x25519", "secp256r1", "secp384r1", "secp521r1"};
  std::vector<std::string> ciphers{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                   "TLS_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                   "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
};

struct HttpClient {
  std::string url{};  // "": not in use
  bool allow_redirects = false;
  Duration timeout = std::chrono::seconds(2);  // of one request, connecting included
  std::string cacert{}, cert{}, key{};         // as written: PEM text or file names
  Tls tls{};
};

struct HttpServer {
  std::string listen{};                       // host:port
  std::string key{}, cert{}, clientcacert{};  // as written: PEM text or file names
  Tls tls{};
};

struct Webhook : HttpClient {
  Duration auth_timeout = std::chrono::seconds(60);  // of one authentication, retries included
};

struct AuthzWebhook : Webhook {
  bool transmit_sensitive_metadata = false;  // ours
};

// What the configuration server's answers may set (answer_rules.hpp). Ours.
struct AnswerRules {
  bool restrict = false;                    // to what harms nobody but the user's own box
  std::vector<std::string> allow{};         // keys beyond that, with all below them
  std::vector<std::string> allow_mounts{};  // directories of the engine's machine
};

struct ConfigServer : HttpClient {
  bool transmit_sensitive_metadata = false;
  AnswerRules answers{};
  Duration cache_time{0};  // ours: how long an answer serves other logins that ask the same; 0: never
};

struct Health : HttpServer {
  bool enable = false;
  HttpClient client{};
};

}  // namespace fairlead::config
