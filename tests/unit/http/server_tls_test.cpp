// SPDX-License-Identifier: Apache-2.0
// The HTTP server over TLS: who may talk to it, and bytes that are no TLS.
#include "http/client.hpp"
#include "running_server.hpp"
#include "support/raw_connection.hpp"
#include "support/run_task.hpp"
#include "support/tls_identity.hpp"

#include <gtest/gtest.h>

namespace fairlead::http {
namespace {

using Identity = test::TlsIdentity;

class HttpServerTls : public testing::Test {
 protected:
  ServerOptions options(std::string ca = {}) const {
    ServerOptions result;
    result.tls = TlsOptions{.ca = std::move(ca), .certificate = server_.certificate, .key = server_.key};
    result.limits.header_time = std::chrono::milliseconds(200);
    return result;
  }

  // The body of an answer, or why there is none.
  std::string ask(const RunningServer& server, TlsOptions tls) const {
    tls.ca = server_.certificate;
    boost::asio::io_context io{1};
    const Client client(Endpoint::parse("https://127.0.0.1:" + std::to_string(server.port())),
                        std::move(tls));
    Request request{.target = "/"};
    try {
      return test::run_task(io, client.send(std::move(request))).body;
    } catch (const HttpError& error) {
      return error.what();
    }
  }

  const Identity server_;
  const Identity authority_{Identity::Options{.common_name = "authority"}};
  const Identity client_{Identity::Options{.common_name = "client", .issuer = &authority_}};
};

TEST_F(HttpServerTls, AnswersTlsAndNothingElse) {
  RunningServer server(options());
  EXPECT_EQ(ask(server, {}), "GET / []");
  for (const char* bytes : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\x16\x03\x01\xff\xff", "x"}) {
    test::RawConnection plain(server.port());
    plain.send(bytes);
    EXPECT_EQ(plain.read_all().find("HTTP/"), std::string::npos) << bytes;
  }
  EXPECT_EQ(ask(server, {}), "GET / []");
}

TEST_F(HttpServerTls, ClientsMustShowACertificateOfTheAuthority) {
  RunningServer server(options(authority_.certificate));
  EXPECT_EQ(ask(server, {.certificate = client_.certificate, .key = client_.key}), "GET / []");
  EXPECT_NE(ask(server, {}), "GET / []");
  EXPECT_NE(ask(server, {.certificate = server_.certificate, .key = server_.key}), "GET / []");
}

TEST_F(HttpServerTls, VersionsAndCiphersAreLimited) {
  auto limited = options();
  limited.tls->minimum_version = "1.3";
  limited.tls->ciphers = {"TLS_AES_256_GCM_SHA384"};
  limited.tls->curves = {"secp384r1"};
  RunningServer server(std::move(limited));
  EXPECT_EQ(ask(server, {}), "GET / []");
  EXPECT_NE(ask(server, {.ciphers = {"TLS_AES_128_GCM_SHA256"}}), "GET / []");
  EXPECT_NE(ask(server, {.curves = {"x25519"}}), "GET / []");
}

TEST_F(HttpServerTls, SettingsThatCannotBeUsedAreErrors) {
  boost::asio::io_context io{1};
  for (const TlsOptions& tls :
       {TlsOptions{}, TlsOptions{.certificate = server_.certificate},
        TlsOptions{.certificate = server_.certificate, .key = client_.key},
        TlsOptions{.ca = "x", .certificate = server_.certificate, .key = server_.key}}) {
    ServerOptions broken{.listen = "127.0.0.1:0", .tls = tls};
    EXPECT_THROW(Server(io.get_executor(), std::move(broken), RunningServer::echo), HttpError);
  }
}

}  // namespace
}  // namespace fairlead::http
