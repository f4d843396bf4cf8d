// SPDX-License-Identifier: Apache-2.0
// Docker's modes and what each of them takes.
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

std::expected<Config, Errors> execution(const std::string& keys) {
  return parse(
      "auth: {password: {method: local}, local: {usersFile: /u}}\nbackend: docker\ndocker: {execution: {" +
          keys + "}}\n",
      "f.yaml");
}

void expect_error(const std::string& keys, const std::string& part) {
  const auto config = execution(keys);
  ASSERT_FALSE(config) << keys;
  EXPECT_THAT(config.error(), ElementsAre(HasSubstr(part))) << keys;
}

TEST(DockerModes, PersistentHasKeysOfItsOwn) {
  const auto config = execution(
      "mode: persistent, containerName: 'home-{username}', createMissingContainers: true, stopAfterIdle: 5m");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->docker.mode, "persistent");
  EXPECT_EQ(config->docker.container_name, "home-{username}");
  EXPECT_TRUE(config->docker.create_missing);
  EXPECT_EQ(config->docker.stop_after_idle, 5min);
  EXPECT_THAT(config->warnings, SizeIs(0));

  const auto defaults = execution("mode: persistent");
  ASSERT_TRUE(defaults) << defaults.error().front();
  EXPECT_FALSE(defaults->docker.create_missing);
  EXPECT_EQ(defaults->docker.stop_after_idle, 10min);
}

TEST(DockerModes, KeysOfPersistentAreNotSilentlyIgnoredElsewhere) {
  const auto config = execution("createMissingContainers: true, stopAfterIdle: 0s");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_THAT(config->warnings, SizeIs(2));
  expect_error("containerName: 'home-{username}'", "{username} is for mode persistent");
}

TEST(DockerModes, SessionTakesNoContainerThatRestarts) {
  for (const char* policy :
       {"", "host: {restartPolicy: {name: ''}},", "host: {restartPolicy: {name: 'no'}},"})
    EXPECT_TRUE(execution(std::string(policy) + "mode: session")) << policy;
  expect_error("host: {restartPolicy: {name: always}}, mode: session", "host.restartPolicy");
  expect_error("mode: pod", "expected one of connection, session, persistent");
}

TEST(DockerModes, WithoutAnAgentTheIdleCommandHasItsMeaning) {
  const auto config = execution("disableAgent: true, idleCommand: [sleep, infinity]");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_THAT(config->warnings, SizeIs(0));
  EXPECT_THAT(config->docker.idle_command, ElementsAre("sleep", "infinity"));
  EXPECT_TRUE(execution("disableAgent: true, mode: session, idleCommand: []"));
  expect_error("disableAgent: true, idleCommand: []", "idleCommand");
  EXPECT_TRUE(execution("disableAgent: true, mode: persistent"));
  expect_error("disableAgent: true, mode: persistent, idleCommand: []", "idleCommand");
}

}  // namespace
}  // namespace fairlead::config
