// SPDX-License-Identifier: Apache-2.0
// Requests letter by letter.
#include "webhook/request.hpp"

#include <gtest/gtest.h>

namespace fairlead::webhook {
namespace {

Subject ada() {
  return {.connection_id = "0123456789abcdef0123456789abcdef",
          .remote_address = "192.0.2.7",
          .remote_port = 50022,
          .client_version = "SSH-2.0-OpenSSH_9.7",
          .username = "ada"};
}

constexpr const char* begin =
    R"({"remoteAddress":"192.0.2.7:50022","connectionId":"0123456789abcdef0123456789abcdef",)";

TEST(WebhookRequest, OfAPasswordIsAsContainerSshWritesIt) {
  EXPECT_EQ(password_request(ada(), ssh::as_bytes("secret")).text(),
            std::string(begin) +
                R"("clientVersion":"SSH-2.0-OpenSSH_9.7","username":"ada","passwordBase64":"c2VjcmV0"})" +
                "\n");
}

TEST(WebhookRequest, OfAKey) {
  EXPECT_EQ(public_key_request(ada(), "ssh-ed25519 AAAA").text(),
            std::string(begin) +
                R"("clientVersion":"SSH-2.0-OpenSSH_9.7","username":"ada","publicKey":"ssh-ed25519 AAAA"})" +
                "\n");
}

TEST(WebhookRequest, MembersStandInOrderAndSensitiveOnesOnlyOnRequest) {
  Subject subject = ada();
  subject.metadata.metadata = {{"t", {"v", true}}, {"u", {"w", false}}};
  subject.metadata.environment = {{"E", {"x", true}}};
  subject.metadata.files = {{"/f", {std::string("\0\xff", 2), false}}};
  subject.metadata.authenticated_username = "ada@example.org";
  const std::string end =
      R"("clientVersion":"SSH-2.0-OpenSSH_9.7","username":"ada","authenticatedUsername":"ada@example.org"})"
      "\n";
  EXPECT_EQ(
      subject_request(subject, Sensitive::send).text(),
      std::string(begin) +
          R"("metadata":{"t":{"value":"v","sensitive":true},"u":{"value":"w","sensitive":false}},)" +
          R"("environment":{"E":{"value":"x","sensitive":true}},"files":{"/f":{"value":"AP8=","sensitive":false}},)" +
          end);
  EXPECT_EQ(subject_request(subject, Sensitive::leave_out).text(),
            std::string(begin) + R"("metadata":{"u":{"value":"w","sensitive":false}},)" +
                R"("files":{"/f":{"value":"AP8=","sensitive":false}},)" + end);
  EXPECT_TRUE(has_sensitive(subject.metadata));
}

TEST(WebhookRequest, AddressesAreWrittenAsTheyAreRead) {
  const auto of = [](const char* address) {
    Subject subject = ada();
    subject.remote_address = address;
    const std::string text = subject_request(subject, Sensitive::send).text();
    return text.substr(18, text.find('"', 18) - 18);
  };
  EXPECT_EQ(of("::ffff:192.0.2.7"), "192.0.2.7:50022");
  EXPECT_EQ(of("2001:db8::1"), "[2001:db8::1]:50022");
  EXPECT_EQ(of("fe80::1%eth0"), "[fe80::1]:50022");
}

TEST(WebhookRequest, StringsAreEscapedAsGoDoes) {
  Subject subject = ada();
  subject.username = "<\"\\&>\n\t\x01\u00fc\u2028\xff";
  const std::string text = subject_request(subject, Sensitive::send).text();
  EXPECT_NE(
      text.find("\"username\":\"\\u003c\\\"\\\\\\u0026\\u003e\\u000a\\u0009\\u0001\u00fc\\u2028\\ufffd\""),
      std::string::npos)
      << text;
}

}  // namespace
}  // namespace fairlead::webhook
