// SPDX-License-Identifier: Apache-2.0
// Section `quota`, and limits of a box that are said in two ways.
#include "config/overlay.hpp"
#include "config_fixture.hpp"

#include <boost/json.hpp>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

TEST(Quota, NothingIsLimitedUnlessSomebodySaysSo) {
  const Quota quota = loaded(minimal_file).quota;
  EXPECT_EQ(quota.idle_timeout, 0s);
  EXPECT_EQ(quota.max_time, 0s);
  EXPECT_EQ(quota.warn_before, 5min);
  EXPECT_EQ(quota.max_boxes, std::nullopt);
}

TEST(Quota, KeysAreRead) {
  const Quota quota =
      loaded_with("quota: {idleTimeout: 15m, maxTime: 8h, warnBefore: 30s, maxBoxes: 3}\n").quota;
  EXPECT_EQ(quota.idle_timeout, 15min);
  EXPECT_EQ(quota.max_time, 8h);
  EXPECT_EQ(quota.warn_before, 30s);
  EXPECT_EQ(quota.max_boxes, 3U);
  EXPECT_EQ(loaded_with("quota: {maxBoxes: none}\n").quota.max_boxes, std::nullopt);
  EXPECT_EQ(loaded_with("quota: {warnBefore: 0s}\n").quota.warn_before, 0s);
}

TEST(Quota, TimesThatEndEverythingAtOnceAreRefused) {
  expect_error("quota: {idleTimeout: 30}\n", "quota.idleTimeout (must be at least 1 second, or 0)");
  expect_error("quota: {maxTime: 999ms}\n", "quota.maxTime (must be at least 1 second, or 0)");
  expect_error("quota: {maxTime: -1h}\n", "quota.maxTime");
  expect_error("quota: {maxBoxes: many}\n", "quota.maxBoxes");
  expect_error("quota: {maxSessions: 1}\n", "quota.maxSessions");
}

TEST(Quota, AnAnswerOfTheConfigurationServerCountsForOneLogin) {
  const Config file = loaded_with("quota: {idleTimeout: 15m, maxBoxes: 3}\n");
  const auto own = overlay(file, boost::json::parse(R"({"quota": {"maxTime": "1h", "maxBoxes": 1}})"));
  ASSERT_TRUE(own) << own.error().front();
  EXPECT_THAT(own->warnings, IsEmpty());
  EXPECT_EQ(own->config.quota.idle_timeout, 15min);
  EXPECT_EQ(own->config.quota.max_time, 1h);
  EXPECT_EQ(own->config.quota.max_boxes, 1U);
  const auto wrong = overlay(file, boost::json::parse(R"({"quota": {"maxTime": "1ms"}})"));
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), ElementsAre(HasSubstr("quota.maxTime")));
}

TEST(Quota, AMistakeInTheFileWaitsForTheConfigurationServer) {
  const Config file = loaded_with("configserver: {url: 'http://127.0.0.1:1/'}\nquota: {maxTime: 1ms}\n");
  EXPECT_FALSE(overlay(file, boost::json::object{})) << "nothing has mended it";
  EXPECT_TRUE(overlay(file, boost::json::parse(R"({"quota": {"maxTime": "1h"}})")));
}

TEST(DockerLimits, WhatTheEnginesOwnKeyOverridesIsTold) {
  const Config config = loaded_with(
      "backend: docker\n"
      "docker:\n"
      "  limits: {memory: 512M, cpus: 1.5, pids: 256, disk: 1G}\n"
      "  execution:\n"
      "    container: {image: x}\n"
      "    host: {resources: {memoryswap: 1G, nanocpus: 500000000}, storageopt: {size: 2G}}\n");
  EXPECT_THAT(
      config.warnings,
      UnorderedElementsAre(HasSubstr("docker.limits.memory: has no effect: execution.host gives MemorySwap"),
                           HasSubstr("docker.limits.cpus: has no effect: execution.host gives NanoCpus"),
                           HasSubstr("docker.limits.disk: has no effect: execution.host gives StorageOpt")));
  EXPECT_EQ(config.docker.limits.pids, 256U);
}

TEST(DockerLimits, OneWayOfSayingThemIsNoConflict) {
  const std::string docker = "backend: docker\ndocker: {execution: {container: {image: x}, ";
  EXPECT_THAT(loaded_with(docker + "host: {memory: 64M}}}\n").warnings, IsEmpty());
  EXPECT_THAT(loaded_with(docker + "host: {memory: 64M}}, limits: {pids: 64}}\n").warnings, IsEmpty());
}

TEST(DockerLimits, ImpossibleOnesAreRefused) {
  const std::string docker = "backend: docker\ndocker: {execution: {container: {image: x}}, limits: ";
  expect_error(docker + "{memory: 1M}}\n", "docker.limits.memory (must be at least 8M)");
  expect_error(docker + "{cpus: 0.001}}\n", "docker.limits.cpus (must be at least 0.01, or none)");
  expect_error(docker + "{pids: 2}}\n", "docker.limits.pids (must be at least 4)");
  expect_error(docker + "{memory: lots}}\n", "docker.limits.memory");
}

}  // namespace
}  // namespace fairlead::config
