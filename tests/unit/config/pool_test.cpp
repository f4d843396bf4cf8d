// SPDX-License-Identifier: Apache-2.0
// `pool` of both backends: its bounds, and what it cannot go with.
#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::expected<Config, Errors> file_with(const std::string& backend) {
  return parse("auth: {password: {method: local}, local: {usersFile: /u}}\n" + backend, "f.yaml");
}

std::expected<Config, Errors> docker_with(const std::string& execution) {
  return file_with("backend: docker\ndocker: {execution: {" + execution + "}, pool: {size: 2}}\n");
}

TEST(Pool, IsOffUnlessItHasASize) {
  const auto config = file_with("backend: oci\noci: {image: /i}\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->oci.pool.size, 0U);
  EXPECT_EQ(config->docker.pool.size, 0U);
}

TEST(Pool, HasThreeKeysInBothBackends) {
  const auto config = file_with(
      "backend: oci\noci: {image: /i, pool: {size: 5, maxIdle: 10m, maxAge: 2h}}\n"
      "docker: {pool: {size: 256, maxIdle: 1s, maxAge: 1s}}\n");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_EQ(config->oci.pool.size, 5U);
  EXPECT_EQ(config->oci.pool.max_idle, 10min);
  EXPECT_EQ(config->oci.pool.max_age, 2h);
  EXPECT_EQ(config->docker.pool.size, 256U);
  EXPECT_THAT(config->warnings, IsEmpty());
}

TEST(Pool, HasBounds) {
  const auto config =
      file_with("backend: oci\noci: {image: /i, pool: {size: 257, maxIdle: 999ms, maxAge: 0s}}\n");
  ASSERT_FALSE(config);
  EXPECT_THAT(config.error(), ElementsAre(HasSubstr("oci.pool.size (must be at most 256)"),
                                          HasSubstr("oci.pool.maxIdle (must be at least 1 second)"),
                                          HasSubstr("oci.pool.maxAge (must be at least 1 second)")));
}

TEST(Pool, SaysWhatItCannotGoWith) {
  for (const char* execution :
       {"mode: persistent", "disableAgent: true", "containerName: box",
        "exposeAuthMetadataAsLabels: {team: team}", "host: {portBindings: {80/tcp: [{hostPort: '80'}]}}",
        "container: {image: i, macAddress: '02:00:00:00:00:01'}",
        "network: {endpointsConfig: {n: {ipamConfig: {ipv4Address: 10.0.0.2}}}}"}) {
    const auto config = docker_with(execution);
    ASSERT_TRUE(config) << execution << ": " << config.error().front();
    EXPECT_THAT(config->warnings, ElementsAre(HasSubstr("docker.pool.size"))) << execution;
    EXPECT_NE(pool_obstacle(config->docker), nullptr) << execution;
  }
  for (const char* execution : {"mode: session", "agentLink: attach", "exposeAuthMetadataAsEnv: true",
                                "host: {networkMode: none}", "network: {endpointsConfig: {n: {}}}"}) {
    const auto config = docker_with(execution);
    ASSERT_TRUE(config) << execution << ": " << config.error().front();
    EXPECT_THAT(config->warnings, IsEmpty()) << execution;
    EXPECT_EQ(pool_obstacle(config->docker), nullptr) << execution;
  }
}

}  // namespace
}  // namespace fairlead::config
