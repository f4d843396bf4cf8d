// SPDX-License-Identifier: Apache-2.0
// TLS: a certificate of a known authority for the right name is accepted, everything else is refused.
#include "http/client.hpp"
#include "support/run_task.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <thread>

namespace fairlead::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string pem_of(auto write) {
  BIO* memory = BIO_new(BIO_s_mem());
  write(memory);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

// A self-signed certificate for 127.0.0.1.
struct Identity {
  std::string certificate, key;

  Identity() {
    EVP_PKEY* pair = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -60);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, pair);
    auto* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("engine"), -1,
                               -1, 0);
    X509_set_issuer_name(x509, name);
    for (const auto& [id, value] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                    std::pair{NID_subject_alt_name, "IP:127.0.0.1"}}) {
      auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
      X509_add_ext(x509, extension, -1);
      X509_EXTENSION_free(extension);
    }
    X509_sign(x509, pair, EVP_sha256());
    certificate = pem_of([&](BIO* out) { PEM_write_bio_X509(out, x509); });
    key =
        pem_of([&](BIO* out) { PEM_write_bio_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(x509);
    EVP_PKEY_free(pair);
  }
};

// Serves one connection: handshake, then one answer when a request comes.
class TlsServer {
 public:
  explicit TlsServer(const Identity& identity) {
    context_.use_certificate_chain(asio::buffer(identity.certificate));
    context_.use_private_key(asio::buffer(identity.key), asio::ssl::context::pem);
    context_.add_certificate_authority(asio::buffer(identity.certificate));
    context_.set_verify_mode(asio::ssl::verify_peer);  // asks for a client certificate, does not insist
    thread_ = std::thread([this] { serve(); });
  }
  ~TlsServer() { thread_.join(); }

  [[nodiscard]] std::string port() const { return std::to_string(acceptor_.local_endpoint().port()); }
  [[nodiscard]] bool client_was_known() const { return client_was_known_; }

 private:
  void serve() {
    asio::ssl::stream<tcp::socket> stream(acceptor_.accept(), context_);
    boost::system::error_code error;
    stream.handshake(asio::ssl::stream_base::server, error);
    if (error) return;
    client_was_known_ = SSL_get0_peer_certificate(stream.native_handle()) != nullptr;
    std::string request;
    asio::read_until(stream, asio::dynamic_buffer(request), "\r\n\r\n", error);
    if (!error)
      asio::write(stream, asio::buffer(std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")), error);
    stream.shutdown(error);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  asio::ssl::context context_{asio::ssl::context::tls_server};
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
}

}  // namespace
}  // namespace fairlead::http
