// SPDX-License-Identifier: Apache-2.0
// TLS: a certificate of a known authority for the right name is accepted, everything else is refused.
#include "http/client.hpp"
#include "support/run_task.hpp"
#include "support/tls_identity.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include <functional>
#include <thread>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Identity = test::TlsIdentity;

// Serves one connection: handshake, then one answer when a request comes.
class TlsServer {
 public:
  explicit TlsServer(const Identity& identity, const std::function<void(SSL_CTX*)>& configure = {}) {
    if (configure) configure(context_.native_handle());
    context_.use_certificate_chain(asio::buffer(identity.certificate));
    context_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    context_.add_certificate_authority(asio::buffer(identity.certificate));
    context_.set_verify_mode(asio::ssl::verify_peer);  // asks for a client certificate, does not insist
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() { thread_.join(); }

  [[nodiscard]] std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  [[nodiscard]] bool client_was_known() const { return client_was_known_; }
  void answer_with(std::string answer) { answer_ = std::move(answer); }

 private:
  void serve() {
    asio::ssl::stream<tcp::socket> stream(acceptor_.accept(), context_);
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    if (error) return;
    client_was_known_ = SSL_get0_peer_certificate(stream.native_handle()) != nullptr;
    std::string request;
    asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
    if (!error) asio::write(stream, asio::buffer(answer_), error);
    stream.shutdown(error);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  asio::ssl::context context_{asio::ssl::context::tls_server};
  std::string answer_ = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  std::atomic<bool> client_was_known_ = false;
  std::thread thread_;
};

Response get(const Client& client) {
  asio::io_context io{1};
  Request request;
  request.target = "/";
  return test::run_task(io, client.send(std::move(request)));
}

TEST(HttpTls, KnownAuthorityAndClientCertificate) {
  const Identity identity;
  TlsServer server(identity);
  const Client client(Endpoint::parse("tcp://127.0.0.1:" + server.port()),
                      TlsOptions{identity.certificate, identity.certificate, identity.key});
  EXPECT_EQ(client.endpoint().kind, Endpoint::Kind::tls);
  EXPECT_EQ(get(client).body, "ok");
  EXPECT_TRUE(server.client_was_known());
}

TEST(HttpTls, UnknownAuthorityIsRefusedByDefault) {
  const Identity identity;
  TlsServer server(identity);
  try {
    (void)get(Client(Endpoint::parse("https://127.0.0.1:" + server.port())));
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.kind(), Failure::connect);
    EXPECT_TRUE(std::string(error.what()).starts_with("TLS handshake with 127.0.0.1:")) << error.what();
  }
}

TEST(HttpTls, ACertificateForAnotherNameIsRefused) {
  const Identity identity;
  TlsServer server(identity);
  EXPECT_THROW((void)get(Client(Endpoint::parse("https://localhost:" + server.port()),
                                TlsOptions{identity.certificate, {}, {}})),
               HttpError);
}

TEST(HttpTls, UnusableSettingsAreRefusedAtOnce) {
  const auto endpoint = Endpoint::parse("https://127.0.0.1:1");
  EXPECT_THROW(Client(endpoint, TlsOptions{"no certificate", {}, {}}), HttpError);
  const Identity identity;
  EXPECT_THROW(Client(endpoint, TlsOptions{{}, identity.certificate, "no key"}), HttpError);
  const Identity other;
  EXPECT_THROW(Client(endpoint, TlsOptions{{}, identity.certificate, other.key}), HttpError);
  EXPECT_THROW(Client(endpoint, TlsOptions{.minimum_version = "1.1"}), HttpError);
  EXPECT_THROW(Client(endpoint, TlsOptions{.curves = {"x25519", "curve9"}}), HttpError);
  EXPECT_THROW(Client(endpoint, TlsOptions{.ciphers = {"TLS_ROT13"}}), HttpError);
}

// Why `options` cannot talk to a server so configured; "" when they can.
std::string problem(const Identity& identity, const std::function<void(SSL_CTX*)>& configure,
                    const TlsOptions& options) {
  TlsServer server(identity, configure);
  try {
    (void)get(Client(Endpoint::parse("https://127.0.0.1:" + server.port()), options));
    return "";
  } catch (const HttpError& error) {
    EXPECT_EQ(error.kind(), Failure::connect) << error.what();
    return error.what();
  }
}

TEST(HttpTls, TheMinimumVersionIsKept) {
  const Identity identity;
  const auto only12 = [](SSL_CTX* context) { SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION); };
  const auto only11 = [](SSL_CTX* context) {
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  };
  TlsOptions options{.ca = identity.certificate};
  EXPECT_EQ(problem(identity, only12, options), "");
  EXPECT_NE(problem(identity, only11, options), "");
  options.minimum_version = "1.3";
  EXPECT_NE(problem(identity, only12, options), "");
  EXPECT_EQ(problem(identity, {}, options), "");
}

TEST(HttpTls, OnlyTheCiphersOfTheListAreUsed) {
  const Identity identity;
  const auto aes256 = [](SSL_CTX* context) {
    SSL_CTX_set_ciphersuites(context, "TLS_AES_256_GCM_SHA384");
    SSL_CTX_set_cipher_list(context, "ECDHE-ECDSA-AES256-GCM-SHA384");
  };
  const auto aes256_in_12 = [&](SSL_CTX* context) {
    aes256(context);
    SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  };
  TlsOptions options{.ca = identity.certificate, .ciphers = {"TLS_AES_128_GCM_SHA256"}};
  EXPECT_NE(problem(identity, aes256, options), "");
  EXPECT_NE(problem(identity, aes256_in_12, options), "") << "no suite of TLS 1.2 is listed";
  options.ciphers = {"TLS_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_NE(problem(identity, aes256_in_12, options), "");
  options.ciphers = {"TLS_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"};
  EXPECT_EQ(problem(identity, aes256, options), "");
  EXPECT_EQ(problem(identity, aes256_in_12, options), "");
  options.ciphers = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"};
  EXPECT_EQ(problem(identity, aes256, options), "")
      << "without suites of TLS 1.3 in the list all of them may be";
}

TEST(HttpTls, OnlyTheCurvesOfTheListAreUsed) {
  const Identity identity;
  const auto p384 = [](SSL_CTX* context) { SSL_CTX_set1_groups_list(context, "P-384"); };
  TlsOptions options{.ca = identity.certificate, .curves = {"x25519", "secp256r1", "secp521r1"}};
  EXPECT_NE(problem(identity, p384, options), "");
  options.curves.push_back("secp384r1");
  EXPECT_EQ(problem(identity, p384, options), "");
}

TEST(HttpTls, ACommonNameIsNobodysName) {
  const Identity identity({.common_name = "127.0.0.1", .alternative_name = ""});
  EXPECT_NE(problem(identity, {}, {.ca = identity.certificate}), "");
  const Identity host({.common_name = "localhost", .alternative_name = ""});
  TlsServer server(host);
  try {
    (void)get(
        Client(Endpoint::parse("https://localhost:" + server.port()), TlsOptions{.ca = host.certificate}));
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_NE(std::string(error.what()).find("hostname mismatch"), std::string::npos) << error.what();
  }
}

TEST(HttpTls, NamesInSubjectAltNameAreEnough) {
  const Identity host({.common_name = "other", .alternative_name = "DNS:localhost"});
  TlsServer server(host);
  const Client client(Endpoint::parse("https://localhost:" + server.port()),
                      TlsOptions{.ca = host.certificate});
  EXPECT_EQ(get(client).body, "ok");
}

TEST(HttpTls, TheGivenAuthorityReplacesAllOthers) {
  const Identity authority({.common_name = "authority", .alternative_name = ""});
  const Identity other({.common_name = "another authority", .alternative_name = ""});
  const Identity server({.common_name = "server", .issuer = &authority});
  EXPECT_EQ(problem(server, {}, {.ca = authority.certificate}), "");
  EXPECT_NE(problem(server, {}, {.ca = other.certificate}), "");
  EXPECT_EQ(problem(server, {}, {.ca = other.certificate + authority.certificate}), "");
  EXPECT_EQ(problem(server, {}, {.ca = server.certificate}), "") << "any certificate may be the anchor";
}

TEST(HttpTls, ARedirectToAnotherPlaceDoesNotTakeTheClientCertificateAlong) {
  const Identity identity;
  TlsServer first(identity);
  TlsServer second(identity);
  first.answer_with("HTTP/1.1 307 Go\r\nContent-Length: 0\r\nLocation: https://127.0.0.1:" + second.port() +
                    "/\r\n\r\n");
  const Client client(Endpoint::parse("https://127.0.0.1:" + first.port()),
                      TlsOptions{identity.certificate, identity.certificate, identity.key});
  asio::io_context io{1};
  Request request{.target = "/", .redirects = 1};
  EXPECT_EQ(test::run_task(io, client.send(std::move(request))).body, "ok");
  EXPECT_TRUE(first.client_was_known());
  EXPECT_FALSE(second.client_was_known());
}

TEST(HttpTls, ARedirectIntoTheOpenIsNotFollowed) {
  const Identity identity;
  TlsServer server(identity);
  server.answer_with("HTTP/1.1 302 Go\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:1/\r\n\r\n");
  const Client client(Endpoint::parse("https://127.0.0.1:" + server.port()),
                      TlsOptions{.ca = identity.certificate});
  asio::io_context io{1};
  Request request{.target = "/", .redirects = 9};
  try {
    (void)test::run_task(io, client.send(std::move(request)));
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.kind(), Failure::protocol);
    EXPECT_NE(std::string(error.what()).find("from https to http"), std::string::npos) << error.what();
  }
}

TEST(HttpTls, ASilentServerMeetsTheDeadlineInTheHandshake) {
  asio::io_context io{1};
  tcp::acceptor silent(io, {asio::ip::address_v4::loopback(), 0});
  const Client client(Endpoint::parse("https://127.0.0.1:" + std::to_string(silent.local_endpoint().port())));
  Request request{.target = "/",
                  .deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(100)};
  try {
    (void)test::run_task(io, client.send(std::move(request)));
    FAIL();
  } catch (const HttpError& error) {
    EXPECT_EQ(error.kind(), Failure::timeout) << error.what();
  }
}

}  // namespace
}  // namespace fairlead::http
