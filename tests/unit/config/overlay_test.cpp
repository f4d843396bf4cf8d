// SPDX-License-Identifier: Apache-2.0
// The configuration webhook's answer over the file: what overrides, what never does, what is refused.
#include "config/overlay.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr const char* file = R"(
auth:
  password: {method: local}
  local: {usersFile: /u}
backend: docker
log: {level: warning}
security: {forceCommand: /bin/true, maxSessions: 4, env: {mode: filter, allow: [A, B]}}
docker:
  execution:
    container: {image: base, env: [A=1], labels: {a: one, b: two}, healthcheck: {retries: 3, test: [CMD, x]}}
    host: {memory: 64M, restartpolicy: {name: always, maximumretrycount: 2}, tmpfs: {/a: rw}}
    shellCommand: [/bin/sh]
    subsystems: {sftp: /s, other: /o}
  timeouts: {http: 20s}
)";

Config base(const std::string& more = {}) {
  auto config = parse(file + more, "f.yaml");
  if (!config) throw std::runtime_error(config.error().front());
  return std::move(*config);
}

std::expected<Overlaid, Errors> with(const std::string& answer, const Config& config = base()) {
  return overlay(config, boost::json::parse(answer));
}

Config merged(const std::string& answer) {
  auto result = with(answer);
  if (!result) throw std::runtime_error(result.error().front());
  EXPECT_THAT(result->warnings, IsEmpty()) << answer;
  return std::move(result->config);
}

TEST(Overlay, AnEmptyAnswerChangesNothing) {
  for (const char* answer : {"{}", "null"}) {
    const Config config = merged(answer);
    EXPECT_EQ(config.docker.container, base().docker.container);
    EXPECT_EQ(config.log.level, "warning");
  }
}

TEST(Overlay, ScalarsReplaceAndListsAreReplacedWhole) {
  const Config config = merged(
      R"({"Docker": {"execution": {"shellCommand": ["/bin/zsh", "-l"], "containerName": "c"},
          "timeouts": {"http": 5000000000, "containerStart": "90s"}}, "log": {"level": 7},
          "security": {"maxSessions": 1, "env": {"allow": ["C"]}}})");
  EXPECT_THAT(config.docker.programs.shell_command, ElementsAre("/bin/zsh", "-l"));
  EXPECT_EQ(config.docker.container_name, "c");
  EXPECT_EQ(config.docker.http, 5s);
  EXPECT_EQ(config.docker.container_start, 90s);
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.security.max_sessions, 1U);
  EXPECT_EQ(config.security.env.mode, Mode::filter);
  EXPECT_THAT(config.security.env.allow, ElementsAre("C"));
  EXPECT_EQ(config.security.force_command, "/bin/true");
}

TEST(Overlay, MapsAreMergedByKey) {
  const Config config = merged(R"({"docker": {"execution": {"subsystems": {"sftp": "/new", "x": "/x"}}}})");
  EXPECT_THAT(config.docker.programs.subsystems,
              UnorderedElementsAre(Pair("sftp", "/new"), Pair("other", "/o"), Pair("x", "/x")));
}

TEST(Overlay, DockersStructuresAreMergedRecursively) {
  const Config config = merged(
      R"({"docker": {"execution": {"container": {"Image": "busybox", "Labels": {"b": "", "c": "3"},
          "Healthcheck": {"Retries": 5}},
          "host": {"Memory": 33554432, "RestartPolicy": {"Name": "no"}, "Tmpfs": {"/b": "ro"}, "Privileged": false}}}})");
  using boost::json::parse;
  EXPECT_EQ(config.docker.container,
            parse(R"({"Image": "busybox", "Env": ["A=1"], "Labels": {"a": "one", "b": "", "c": "3"},
                      "Healthcheck": {"Retries": 5, "Test": ["CMD", "x"]}})"));
  EXPECT_EQ(config.docker.host_config,
            parse(R"({"Memory": 33554432, "RestartPolicy": {"Name": "no", "MaximumRetryCount": 2},
                      "Tmpfs": {"/a": "rw", "/b": "ro"}})"));
}

TEST(Overlay, UnknownMembersAreErrorsExceptWhereTheSpecListsThem) {
  for (const char* answer : {R"({"foo": 1})", R"({"docker": {"execution": {"foo": 0}}})",
                             R"({"security": {"env": {"deyn": []}}})", R"({"ssh": {"foo": 1}})"}) {
    const auto result = with(answer);
    ASSERT_FALSE(result) << answer;
    EXPECT_THAT(result.error(), ElementsAre(HasSubstr("unknown key"))) << answer;
  }
  for (const char* answer : {R"({"auth": {"foo": 1}})", R"({"docker": {"execution": {"host": {"foo": 1}}}})",
                             R"({"docker": {"timeouts": {"foo": 1}}})"})
    EXPECT_TRUE(with(answer)) << answer;
}

TEST(Overlay, StaticSectionsHaveNoEffectAndAreWarnedAbout) {
  const auto result = with(R"({"ssh": {"listen": "127.0.0.1:1"}, "auth": {"url": "http://x"}})");
  ASSERT_TRUE(result) << result.error().front();
  EXPECT_EQ(result->config.ssh.listen, "0.0.0.0:2222");
  EXPECT_THAT(result->warnings,
              UnorderedElementsAre(HasSubstr("ssh: has no effect"), HasSubstr("auth: has no effect")));
}

TEST(Overlay, WhatTheLoginNeedsIsValidated) {
  const auto error = [](const char* answer) {
    const auto result = with(answer);
    return result ? std::string("accepted") : result.error().front();
  };
  EXPECT_EQ(error(R"({"backend": "nope"})"),
            "the configuration server: invalid configuration option: backend (invalid backend: nope)");
  EXPECT_THAT(error(R"({"backend": "oci"})"), HasSubstr("oci.image (no image name provided)"));
  EXPECT_THAT(error(R"({"backend": "kubernetes"})"), HasSubstr("not built yet"));
  EXPECT_THAT(error(R"({"security": {"shell": {"mode": "deny"}}})"), HasSubstr("invalid mode: deny"));
  EXPECT_THAT(error(R"([1])"), HasSubstr("expected a mapping"));
}

}  // namespace
}  // namespace fairlead::config
