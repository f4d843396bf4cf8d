// SPDX-License-Identifier: Apache-2.0
// What answers of the configuration server may set, key by key (security.md TC-1, TC-6).
#include "config/overlay.hpp"
#include "config_fixture.hpp"

#include <boost/json.hpp>

namespace fairlead::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::expected<Overlaid, Errors> answered(const std::string& rules, const std::string& answer) {
  const auto file = loaded(
      "auth:\n  password: {method: local}\n  local: {usersFile: /u}\nbackend: docker\n"
      "docker: {connection: {host: 'unix:///srv/engine/socket'}}\n"
      "configserver: {url: 'http://127.0.0.1/', answers: " +
      rules + "}\n");
  return overlay(file, boost::json::parse(answer));
}
Errors refusals(const std::string& rules, const std::string& answer) {
  const auto result = answered(rules, answer);
  return result ? Errors() : result.error();
}
std::string host(const std::string& member) {
  return R"({"docker": {"execution": {"host": {)" + member + "}}}}";
}
std::string bind(const std::string& source) {
  return host(R"("Binds": [")" + source + R"(:/in/box:ro"])");
}

constexpr const char* dangerous[] = {R"("Privileged": true)",
                                     R"("CapAdd": ["SYS_ADMIN"])",
                                     R"("CapDrop": ["CHOWN"])",
                                     R"("PidMode": "host")",
                                     R"("IpcMode": "host")",
                                     R"("UTSMode": "host")",
                                     R"("UsernsMode": "host")",
                                     R"("NetworkMode": "container:x")",
                                     R"("Devices": [{"PathOnHost": "/dev/sda"}])",
                                     R"("DeviceCgroupRules": ["a *:* rwm"])",
                                     R"("DeviceRequests": [{"Count": -1}])",
                                     R"("SecurityOpt": ["seccomp=unconfined"])",
                                     R"("CgroupParent": "/")",
                                     R"("CgroupnsMode": "host")",
                                     R"("Runtime": "mine")",
                                     R"("Sysctls": {"a": "b"})",
                                     R"("VolumesFrom": ["other"])",
                                     R"("GroupAdd": ["disk"])",
                                     R"("Tmpfs": {"/t": "exec"})",
                                     R"("MaskedPaths": ["/none"])",
                                     R"("ReadonlyPaths": ["/none"])",
                                     R"("OomScoreAdj": -999)",
                                     R"("OomKillDisable": true)",
                                     R"("LogConfig": {"Type": "syslog"})",
                                     R"("Links": ["a"])",
                                     R"("PortBindings": {"1/tcp": [{"HostPort": "1"}]})",
                                     R"("PublishAllPorts": true)",
                                     R"("StorageOpt": {"size": "1"})",
                                     R"("Annotations": {"a": "b"})",
                                     R"("VolumeDriver": "x")",
                                     R"("Ulimits": [{"Name": "nproc", "Hard": 9}])",
                                     R"("Mounts": [{"Type": "volume", "Source": "v", "Target": "/v"}])",
                                     R"("resources": {"Devices": [{"PathOnHost": "/dev/sda"}]})",
                                     R"("NotKnownYet": "x")"};

TEST(AnswerRules, WithoutRestrictionAnswersSetEverything) {
  for (const char* key : dangerous) EXPECT_THAT(refusals("{}", host(key)), IsEmpty()) << key;
  EXPECT_THAT(refusals("{}", bind("/srv/homes/alice")), IsEmpty());
}

TEST(AnswerRules, WithItDangerousAndUnknownKeysAreRefusedByName) {
  for (const char* key : dangerous)
    EXPECT_THAT(refusals("{restrict: true}", host(key)),
                ElementsAre(AllOf(HasSubstr("docker.execution.host"), HasSubstr("configserver.answers"))))
        << key;
  for (const char* answer :
       {R"({"docker": {"connection": {"host": "tcp://127.0.0.1:1"}}})",
        R"({"docker": {"execution": {"containerName": "x"}}})",
        R"({"docker": {"execution": {"container": {"MacAddress": "x"}}}})",
        R"({"docker": {"execution": {"container": {"NotKnownYet": "x"}}}})",
        R"({"docker": {"execution": {"network": {"EndpointsConfig": {"other": {"Aliases": ["a"]}}}}}})",
        R"({"oci": {"runtime": "/tmp/mine"}})", R"({"oci": {"image": "/etc"}})",
        R"({"oci": {"network": "host"}})"})
    EXPECT_THAT(refusals("{restrict: true}", answer), ElementsAre(HasSubstr("answers may not set this")))
        << answer;
}

TEST(AnswerRules, WhatConcernsTheBoxAloneIsNeverRefused) {
  const auto result = answered("{restrict: true}", R"({"backend": "docker", "security": {"forceCommand": "x"},
      "quota": {"maxBoxes": 2}, "log": {"level": 7},
      "Docker": {"limits": {"memory": "1G"}, "timeouts": {"http": "3s"}, "execution": {"mode": "session",
        "shellCommand": ["/bin/sh"], "auth": {"username": "u"}, "platform": {"os": "linux"},
        "container": {"Image": "other", "Env": ["A=1"], "User": "1000", "Labels": {"a": "b"}},
        "host": {"Memory": 1073741824, "resources": {"NanoCpus": 1}, "Dns": ["192.0.2.1"], "ReadonlyRootfs": true,
                 "Privileged": false, "Binds": null}}}})");
  ASSERT_TRUE(result) << result.error().front();
  EXPECT_EQ(result->config.docker.container.at("Image"), "other");
  EXPECT_TRUE(result->config.for_one_login);
}

TEST(AnswerRules, TheOperatorMayAllowMore) {
  constexpr const char* rules = "{restrict: true, allow: [docker.execution.host.capAdd, docker.connection]}";
  EXPECT_THAT(refusals(rules, host(R"("CapAdd": ["NET_ADMIN"])")), IsEmpty());
  EXPECT_THAT(refusals(rules, R"({"docker": {"connection": {"host": "tcp://127.0.0.1:1"}}})"), IsEmpty());
  EXPECT_THAT(refusals(rules, host(R"("CapAdd": ["NET_ADMIN"], "Privileged": true)")),
              ElementsAre(HasSubstr("host.privileged")));
  EXPECT_THAT(refusals("{restrict: true, allow: [docker.execution.host]}", host(R"("Privileged": true)")),
              IsEmpty());
  EXPECT_THAT(refusals("{restrict: true, allow: [docker.execution.hos]}", host(R"("Privileged": true)")),
              ElementsAre(HasSubstr("host")));
}

TEST(AnswerRules, NoAnswerChangesTheRules) {
  const auto result = answered("{restrict: true}", R"({"configserver": {"answers": {"restrict": false,
      "allow": ["docker"]}}, "docker": {"execution": {"host": {"Privileged": true}}}})");
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error(), testing::Contains(HasSubstr("host.privileged")));
}

TEST(AnswerRules, TheWholeMachineIsMountedOnlyWhereTheOperatorNamesIt) {
  for (const char* source :
       {"/", "//", "/.", "/srv/..", "/run/docker.sock", "/var/run/docker.sock", "/var/run", "/run/",
        "/run/podman", "/srv/engine", "/srv/engine/socket", "/srv/./engine//socket"}) {
    for (const char* rules : {"{}", "{restrict: true}", "{restrict: true, allow: [docker.execution.host]}"})
      EXPECT_THAT(refusals(rules, bind(source)), ElementsAre(HasSubstr("gives the whole machine away")))
          << source << rules;
    EXPECT_THAT(refusals(std::string("{allowMounts: ['") + source + "']}", bind(source)), IsEmpty())
        << source;
  }
  EXPECT_THAT(refusals("{}", bind("/var/runner")), IsEmpty());
  EXPECT_THAT(refusals("{}", host(R"("Mounts": [{"Type": "bind", "Source": "/", "Target": "/x"}])")),
              ElementsAre(HasSubstr("gives the whole machine away")));
  EXPECT_THAT(
      refusals("{}", host(R"("Mounts": [{"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig":
                                  {"Options": {"o": "bind", "device": "/"}}}}])")),
      ElementsAre(HasSubstr("gives the whole machine away")));
  EXPECT_THAT(refusals("{}", R"({"oci": {"mounts": ["/:/host"]}})"),
              ElementsAre(HasSubstr("gives the whole machine away")));
}

TEST(AnswerRules, RestrictedMountsComeFromAllowedDirectories) {
  constexpr const char* rules = "{restrict: true, allowMounts: [/srv/homes]}";
  EXPECT_THAT(refusals(rules, bind("/srv/homes/alice")), IsEmpty());
  EXPECT_THAT(
      refusals(rules, host(R"("Mounts": [{"Type": "bind", "Source": "/srv/homes/a", "Target": "/x"}])")),
      IsEmpty());
  for (const char* source : {"/srv/homes/../secret", "/srv/homesteads", "/srv/home", "volume", ""})
    EXPECT_THAT(refusals(rules, bind(source)), ElementsAre(HasSubstr("in no directory of allowMounts")))
        << source;
}

TEST(AnswerRules, MistakesInTheRulesAreTold) {
  EXPECT_THAT(with("configserver: {answers: {allowMounts: [homes]}}\n").error(),
              ElementsAre(HasSubstr("\"homes\" is no absolute path")));
  EXPECT_THAT(loaded_with("configserver: {answers: {allow: [docker]}}\n").warnings,
              testing::Contains(HasSubstr("has no effect without restrict")));
}

}  // namespace
}  // namespace fairlead::config
