// SPDX-License-Identifier: Apache-2.0
// With which signatures our client shows an RSA key: those that the server says it verifies (RFC 8308 section
// 3.1).
#include "crypto/certificate_algorithms.hpp"
#include "support/certificate_maker.hpp"
#include "unit/ssh/raw_end.hpp"

#include <gmock/gmock.h>

namespace fairlead::ssh::test {
namespace {

using testing::ElementsAre;

std::string algorithm_of(Bytes request) {
  WireReader fields(request.subspan(1));
  for (int i = 0; i < 3; ++i) fields.string();  // user, service, method
  fields.boolean();
  return std::string(fields.text());
}

class ClientKeys : public testing::Test {
 protected:
  ClientKeys() {
    client_->user = "alice";
    client_->accept_host_key = [](const PublicKey&) { return true; };
    client_->keys = {make_key(), key_};
  }
  // With what the client shows its second key to a server that has sent this EXT_INFO and refuses everything.
  std::vector<std::string> shown_to(const Payload& info) {
    Loop loop;
    auto sockets = tcp_pair(loop.io);
    std::vector<std::string> shown;
    loop.run([&]() -> Task<> {
      TaskScope scope(co_await asio::this_coro::executor);
      LoginOutcome outcome;
      scope.spawn(LoginPair::log_in(std::move(sockets.second), client_, outcome));
      RawEnd server(std::move(sockets.first), host_key_);
      co_await server.begin();
      server.send(info);  // the second: it replaces what the first said, and the first key may be too early
      for (std::size_t count = 1;; ++count) {
        co_await server.receive(count);
        if (server.messages().size() < count) break;
        shown.push_back(algorithm_of(server.messages()[count - 1]));
        server.send(Payload(msg::userauth_failure, "publickey", false));
      }
      co_await scope.join();
      EXPECT_EQ(outcome.client_error->code, Errc::authentication_failed);
    });
    EXPECT_EQ(shown.at(0), "ssh-ed25519");
    shown.erase(shown.begin());
    return shown;
  }
  static Payload listing(std::string_view names) {
    return {msg::ext_info, std::uint32_t{1}, "server-sig-algs", names};
  }

  PrivateKey host_key_ = make_key(), key_ = make_key(PrivateKey::Type::rsa_3072);
  std::shared_ptr<ClientConfig> client_ = std::make_shared<ClientConfig>();
};

TEST_F(ClientKeys, OnlyWhatTheServerListsIsTried) {
  EXPECT_THAT(shown_to(listing("ssh-ed25519,rsa-sha2-256")), ElementsAre("rsa-sha2-256"));
  EXPECT_THAT(shown_to(listing("rsa-sha2-512")), ElementsAre("rsa-sha2-512"));
  EXPECT_THAT(shown_to(listing("ssh-rsa,rsa-sha2-256,rsa-sha2-512")),
              ElementsAre("rsa-sha2-512", "rsa-sha2-256"))
      << "in our order, and never with SHA-1";
}

TEST_F(ClientKeys, AListWithoutAnyOfThemSaysNothing) {
  for (const std::string_view list : {"", "ssh-rsa", "ssh-ed25519", "unknown,rsa-sha2-25"})
    EXPECT_THAT(shown_to(listing(list)), ElementsAre("rsa-sha2-512", "rsa-sha2-256")) << list;
}

TEST_F(ClientKeys, CertificatesSignAsTheirKeyDoes) {
  CertificateRecipe recipe;
  recipe.type = "ssh-rsa-cert-v01@openssh.com";
  client_->certificates = {make_certificate(recipe, key_.public_key(), make_key())};
  EXPECT_THAT(shown_to(listing("rsa-sha2-256")),
              ElementsAre("rsa-sha2-256-cert-v01@openssh.com", "rsa-sha2-256"));
}

TEST_F(ClientKeys, OtherKeysHaveOneAlgorithmAndAreShownAnyway) {
  client_->keys.back() = make_key(PrivateKey::Type::ecdsa_p256);
  EXPECT_THAT(shown_to(listing("rsa-sha2-256")), ElementsAre("ecdsa-sha2-nistp256"));
}

}  // namespace
}  // namespace fairlead::ssh::test
