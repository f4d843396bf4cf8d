// SPDX-License-Identifier: Apache-2.0
// The configuration webhook's answer over the file: what overrides, what never does, what is refused.
#include "config/overlay.hpp"

#include "config/dump.hpp"

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

// As servers written with ContainerSSH's library answer: every member, each with its zero value.
TEST(Overlay, ACompleteAnswerOfZeroesChangesNothingAndSaysNothing) {
  const Config config = base();
  const auto is_map = [](std::string_view key) {
    return key == "subsystems" || key == "labels" || key == "tmpfs";
  };
  const auto zero = [&](const auto& self, const boost::json::value& value) -> boost::json::value {
    if (value.is_object()) {
      boost::json::object object;
      // Maps are null where structures are written out.
      for (const auto& member : value.get_object())
        object[member.key()] = is_map(member.key()) ? nullptr : self(self, member.value());
      return object;
    }
    if (value.is_array()) return nullptr;
    if (value.is_bool()) return false;
    if (value.is_number()) return 0;
    return "";
  };
  boost::json::value answer = zero(zero, dump(config, Secrets::shown));
  // Go's zero values of durations and levels.
  answer.at("log").at("level") = "emerg";
  answer.at("docker").at("timeouts").at("http") = 0;
  answer.at("configserver").at("timeout") = 0;
  answer.at("ssh").at("clientAliveInterval") = 0;
  const auto result = overlay(config, answer);
  ASSERT_TRUE(result) << result.error().front();
  EXPECT_EQ(to_yaml(dump(result->config, Secrets::shown)), to_yaml(dump(config, Secrets::shown)));
  EXPECT_THAT(result->warnings, IsEmpty());
}

TEST(Overlay, StaticSectionsCannotRefuseALogin) {
  const auto result = with(
      R"({"metrics": {"enable": true}, "audit": {"enable": true}, "ssh": {"listen": "x"}, "log": {"destination": "syslog"},
          "health": {"enable": true, "cert": "/no"}})");
  EXPECT_TRUE(result) << result.error().front();
}

TEST(Overlay, MistakesOfTheFileThatWereLetPassCountUntilTheAnswerMendsThem) {
  const std::string broken = R"(
auth: {password: {method: local}, local: {usersFile: /u}}
configserver: {url: "http://h"}
backend: docker
security: {shell: {mode: deny}}
docker: {execution: {container: {image: ""}}}
sshproxy: {clientVersion: nonsense}
)";
  const Config config = parse(broken, "f.yaml").value();
  const auto refused = with("{}", config);
  ASSERT_FALSE(refused);
  EXPECT_THAT(
      refused.error(),
      UnorderedElementsAre("f.yaml:5: invalid configuration option: security.shell.mode (invalid mode: deny)",
                           HasSubstr("docker.execution.container.image (no image name provided)")));
  const auto mended = with(
      R"({"docker": {"execution": {"container": {"image": "x"}}}, "security": {"shell": {"mode": "enable"}}})",
      config);
  ASSERT_TRUE(mended) << mended.error().front();
  EXPECT_EQ(mended->config.security.shell.mode, Mode::enable);
  EXPECT_FALSE(with(R"({"security": {"shell": {"mode": "enable"}}, "backend": "docker"})", config));
}

TEST(Overlay, ABackendThatTheFileGotWrongMustBeReplaced) {
  const Config config =
      parse(
          "auth: {password: {method: local}, local: {usersFile: /u}}\nconfigserver: {url: 'http://h'}\n"
          "backend: dockerrun\n",
          "f.yaml")
          .value();
  EXPECT_FALSE(with("{}", config));
  EXPECT_FALSE(with(R"({"backend": ""})", config));
  EXPECT_TRUE(with(R"({"backend": "docker"})", config));
}

TEST(Overlay, ForwardingModesAndLevelsAreChecked) {
  EXPECT_FALSE(with(R"({"security": {"forwarding": {"forwardingMode": "enable"}}})"));
  EXPECT_FALSE(with(R"({"log": {"level": "loud"}})"));
  EXPECT_EQ(merged(R"({"log": {"level": "info"}})").log.level, "info");
}

}  // namespace
}  // namespace fairlead::config
