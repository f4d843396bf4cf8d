// SPDX-License-Identifier: Apache-2.0
// The answers of the webhook test server, as ContainerSSH's test tool gives them.
#include "daemon/test_auth_server.hpp"

#include "config/config.hpp"
#include "config/overlay.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace fairlead::daemon {
namespace {

namespace json = boost::json;

http::Response post(std::string target, std::string body, TestAnswers how = {}) {
  http::Request request{.method = "POST", .target = std::move(target), .body = std::move(body)};
  return answer_as_test_server(request, how);
}

std::string asking_for(std::string_view user) {
  return R"({"remoteAddress":"192.0.2.7:50022","connectionId":"0123","clientVersion":"SSH-2.0-x","username":")" +
         std::string(user) + R"(","passwordBase64":"c2VjcmV0"})";
}

bool lets_in(std::string_view path, std::string_view user, TestAnswers how = {}) {
  const auto answer = post(std::string(path), asking_for(user), how);
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  const auto body = json::parse(answer.body).as_object();
  const bool success = body.at("success").as_bool();
  EXPECT_EQ(body.contains("authenticatedUsername"), success);
  if (success) EXPECT_EQ(body.at("authenticatedUsername").as_string(), user);
  return success;
}

TEST(TestAuthServer, OnlyTheTestUsersHaveAPassword) {
  for (const char* path : {"/password", "/pubkey"}) {
    EXPECT_TRUE(lets_in(path, "foo"));
    EXPECT_TRUE(lets_in(path, "busybox"));
    EXPECT_FALSE(lets_in(path, "ada"));
    EXPECT_FALSE(lets_in(path, "Foo"));
    EXPECT_FALSE(lets_in(path, ""));
  }
}

TEST(TestAuthServer, AllowAllIsAboutPasswordsOnly) {
  EXPECT_TRUE(lets_in("/password", "ada", {.allow_all = true}));
  EXPECT_FALSE(lets_in("/pubkey", "ada", {.allow_all = true}));
}

TEST(TestAuthServer, EverybodyIsAuthorized) {
  EXPECT_TRUE(lets_in("/authz", "ada"));
}

TEST(TestAuthServer, TheRequestsMetadataIsEchoedInOrderAndTheSecretIsNot) {
  const auto answer =
      post("/pubkey", R"({"username":"ada","publicKey":"ssh-ed25519 AAAA",)"
                      R"("metadata":{"team":{"value":"blue","sensitive":true}},"remoteAddress":"a:1"})");
  EXPECT_EQ(answer.body, R"({"remoteAddress":"a:1","connectionId":"",)"
                         R"("metadata":{"team":{"value":"blue","sensitive":true}},)"
                         R"("clientVersion":"","username":"ada","success":false})"
                         "\n");
}

TEST(TestAuthServer, RequestsAreReadAsGoDoes) {
  EXPECT_NE(post("/password", R"({"USERNAME":"foo"} trailing { garbage)").body.find("\"success\":true"),
            std::string::npos)
      << "names in any case, the first value only";
  EXPECT_NE(
      post("/password", R"({"username":"ada","username":"foo","username":null})").body.find("\"success\":"),
      std::string::npos);
  EXPECT_NE(post("/password", R"({"username":"ada","Username":"foo"})").body.find("\"success\":true"),
            std::string::npos)
      << "the last of several counts";
  EXPECT_EQ(post("/password", R"({"username":"foo","unknown":[1,2]})").status, 200U);
}

TEST(TestAuthServer, BodiesThatAreNoRequestAreServerErrors) {
  for (const char* body : {"", "{", "[]", "1", "null", "\"x\"", R"({"username":1})", R"({"metadata":[]})",
                           R"({"files":{"/x":"text"}})", R"({"environment":{"A":{"value":1}}})",
                           R"({"metadata":{"a":{"value":"x","sensitive":"no"}}})", R"({"passwordBase64":7})"})
    for (const char* path : {"/password", "/pubkey", "/authz", "/config"}) {
      const auto answer = post(path, body);
      EXPECT_EQ(answer.status, 500U) << path << " " << body;
      EXPECT_EQ(answer.body, "{\"error\":\"Internal Server Error\"}\n");
    }
}

TEST(TestAuthServer, OtherPathsAndMethodsAreRefused) {
  for (const char* path : {"/", "/password/", "/x/password", "/Password", "/config.json", "*"})
    EXPECT_EQ(post(path, asking_for("foo")).status, 404U) << path;
  EXPECT_EQ(post("/password?x=1", asking_for("foo")).status, 200U);
  for (const char* method : {"GET", "PUT", "HEAD", "DELETE", "post"}) {
    const http::Request request{.method = method, .target = "/password", .body = asking_for("foo")};
    const auto answer = answer_as_test_server(request, {});
    EXPECT_EQ(answer.status, 405U) << method;
    EXPECT_EQ(answer.header("Allow"), "POST");
  }
}

TEST(TestAuthServer, ConfigurationsHoldWhatIsSet) {
  EXPECT_EQ(post("/config", asking_for("ada")).body, "{\"config\":{}}\n");
  EXPECT_EQ(post("/config", asking_for("busybox")).body,
            R"({"config":{"docker":{"execution":{"container":{"Image":"busybox"},"disableAgent":true,)"
            R"("mode":"session","shellCommand":["/bin/sh"]}}}})"
            "\n");
}

TEST(TestAuthServer, ZeroValuesChangeNothingButWhatIsSet) {
  const auto answer = json::parse(post("/config", asking_for("ada"), {.zero_values = true}).body).as_object();
  EXPECT_EQ(answer.at("remoteAddress").as_string(), "<nil>:0");
  EXPECT_TRUE(answer.at("config").as_object().contains("sshproxy"));
  config::Config file;
  file.backend = "docker";
  const auto same = config::overlay(file, answer.at("config"));
  ASSERT_TRUE(same.has_value()) << same.error().front();
  EXPECT_EQ(same->config.backend, "docker");
  EXPECT_EQ(same->config.log.level, file.log.level);
  EXPECT_EQ(same->config.docker.container, file.docker.container);
  EXPECT_TRUE(same->warnings.empty());

  const auto busybox =
      json::parse(post("/config", asking_for("busybox"), {.zero_values = true}).body).as_object();
  const auto& execution = busybox.at("config").at("docker").at("execution").as_object();
  EXPECT_EQ(execution.at("container").at("Image").as_string(), "busybox");
  EXPECT_TRUE(execution.at("container").at("Cmd").is_null());
  EXPECT_EQ(execution.at("mode").as_string(), "session");
  EXPECT_TRUE(busybox.at("config").at("docker").as_object().contains("timeouts"));
}

}  // namespace
}  // namespace fairlead::daemon
