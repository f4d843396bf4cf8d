// SPDX-License-Identifier: Apache-2.0
// Logins into boxes that stay, while somebody else does something with them.
#include "backend/docker/limits.hpp"
#include "unit/backend/docker/fake_engine.hpp"

#include <algorithm>

namespace fairlead::backend {
namespace {

class DockerHomeLaunch : public OnFakeEngine {
 protected:
  void SetUp() override {
    OnFakeEngine::SetUp();
    config_.docker.mode = "persistent";
    config_.docker.create_missing = true;
    config_.docker.disable_agent = true;
  }
  // An engine that makes a container for a daemon that has died: it has given the name away and shows
  // nothing.
  void keep_the_name(int times) {
    engine_.on("POST /containers/create", [this, times](Peer& peer) {
      if (creations() <= times)
        peer.answer(409, R"({"message":"the name is in use"})");
      else
        peer.answer(201, R"({"Id":"made"})");
    });
  }
  std::ptrdiff_t creations() { return std::ranges::count(engine_.calls(), "POST /containers/create"); }
};

TEST_F(DockerHomeLaunch, ANameThatACreationForNobodyHoldsIsWaitedFor) {
  keep_the_name(3);
  const auto box = test::run_task(io_, backend().launch(login()));
  EXPECT_TRUE(box);
  EXPECT_EQ(creations(), 4);
}

TEST_F(DockerHomeLaunch, ANameThatStaysTakenIsToldAfterSomeTries) {
  keep_the_name(100);
  EXPECT_STREQ(launch_failure().what(),
               "cannot enter a box that stays: POST /containers/create: 409 the name is in use");
  EXPECT_EQ(creations(), docker::limits::home_tries);
}

}  // namespace
}  // namespace fairlead::backend
