// SPDX-License-Identifier: Apache-2.0
// Which logins share boxes that were made ahead, and what such a container says of them: nothing.
#include "backend/docker/pooled_launch.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fairlead::docker {
namespace {

using testing::HasSubstr;
using testing::Not;

class PooledLaunch : public ::testing::Test {
 protected:
  std::optional<backend::Recipe> recipe(config::Config config) {
    return recipe_of(fleet_, std::make_shared<const config::Config>(std::move(config)));
  }
  static config::Config base() {
    config::Config config;
    config.docker.pool.size = 2;
    return config;
  }
  template <class Change>
  bool shares(Change change) {
    config::Config other = base();
    change(other.docker);
    return recipe(base())->digest == recipe(std::move(other))->digest;
  }
  std::shared_ptr<Fleet> fleet_ = std::make_shared<Fleet>(config::Config{}, observe::Log());
};

TEST_F(PooledLaunch, WhatIsSentAtTheClaimMayDiffer) {
  EXPECT_TRUE(shares([](auto& docker) { docker.programs.environment["A"] = "b"; }));
  EXPECT_TRUE(shares([](auto& docker) { docker.programs.shell_command = {"/bin/bash"}; }));
  EXPECT_TRUE(shares([](auto& docker) { docker.programs.working_directory = "/srv"; }));
  EXPECT_TRUE(shares([](auto& docker) { docker.programs.expose_metadata_as_env = true; }));
  EXPECT_TRUE(shares([](auto& docker) { docker.mode = "session"; }));
  EXPECT_TRUE(shares([](auto& docker) { docker.pool.size = 7; }));
}

TEST_F(PooledLaunch, WhatShapesABoxMayNot) {
  EXPECT_FALSE(shares([](auto& docker) { docker.host = "unix:///other"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.key = "k"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.agent_link = "attach"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.container["Image"] = "other"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.host_config["Binds"] = {"/home/bob:/home"}; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.network_config["EndpointsConfig"] = {{"n", nullptr}}; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.platform["os"] = "linux"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.limits.memory = 1 << 30; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.limits.disk = 1 << 30; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.image_pull_policy = "Always"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.registry_auth.password = "p"; }));
  EXPECT_FALSE(shares([](auto& docker) { docker.programs.user = "bob"; })) << "the agent must be root then";
}

TEST_F(PooledLaunch, SomeConfigurationsHaveNone) {
  config::Config config = base();
  config.docker.pool.size = 0;
  EXPECT_FALSE(recipe(config));
  config = base();
  config.docker.container.erase("Image");
  EXPECT_FALSE(recipe(config));
  config = base();
  config.docker.container_name = "box";
  EXPECT_FALSE(recipe(config));
}

TEST_F(PooledLaunch, NothingOfALoginIsOnAContainerThatWasMadeAhead) {
  backend::Login login;
  login.user = "alice";
  login.connection_id = "0123";
  login.remote_address = "192.0.2.1";
  login.config = std::make_shared<const config::Config>(base());
  BoxIdentity identity{"docker-1", "main", "owner", {}};
  const auto cold = boost::json::serialize(make_container(login, identity, LinkKind::attach).body);
  EXPECT_THAT(cold, HasSubstr("alice"));
  identity.pool = "abcdef";
  const auto warm = boost::json::serialize(make_container(login, identity, LinkKind::attach).body);
  for (const char* part : {"alice", "0123", "192.0.2.1"}) EXPECT_THAT(warm, Not(HasSubstr(part)));
  EXPECT_THAT(warm, HasSubstr(R"("fairlead_pool":"abcdef")"));
  EXPECT_THAT(warm, HasSubstr(R"("fairlead_box":"docker-1")")) << "it is found and removed like any other";
}

}  // namespace
}  // namespace fairlead::docker
