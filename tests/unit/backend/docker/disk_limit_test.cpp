// SPDX-License-Identifier: Apache-2.0
// Disk limits on engines with and without quotas.
#include "unit/backend/docker/fake_engine.hpp"

namespace fairlead::backend {
namespace {

class DockerDiskLimit : public OnFakeEngine {};

TEST_F(DockerDiskLimit, AnEngineWithoutQuotasIsSaidAtTheStartAndWatched) {
  int creates = 0;
  engine_.on("POST /containers/create", [&](Peer& peer) {
    if (++creates == 1)
      peer.answer(500, R"({"message":"Filesystem does not support, or has not enabled quotas"})");
    else
      peer.answer(400, R"({"message":"enough"})");
  });
  config_.docker.limits.disk = std::uint64_t{64} << 20;
  test::run_task(io_, backend().prepare());
  EXPECT_TRUE(log_->has("DOCKER_NO_QUOTA"));
  EXPECT_STREQ(launch_failure().what(), "cannot start a box: POST /containers/create: 400 enough");
  EXPECT_EQ(creates, 2) << "the login does not ask for a quota again";
  expect_nothing_left();
}

TEST_F(DockerDiskLimit, AQuotaThatTheFirstLoginFindsRefusedIsDoneWithout) {
  int creates = 0;
  engine_.on("POST /containers/create", [&](Peer& peer) {
    if (++creates == 1)
      peer.answer(500, R"({"message":"--storage-opt is supported only for overlay over xfs"})");
    else
      peer.answer(400, R"({"message":"enough"})");
  });
  config_.docker.limits.disk = std::uint64_t{64} << 20;
  EXPECT_STREQ(launch_failure().what(), "cannot start a box: POST /containers/create: 400 enough");
  EXPECT_TRUE(log_->has("DOCKER_NO_QUOTA"));
  EXPECT_EQ(creates, 2);
  expect_nothing_left();
}

TEST_F(DockerDiskLimit, AnEngineWithQuotasIsProvedAndLeftClean) {
  config_.docker.limits.disk = std::uint64_t{64} << 20;
  test::run_task(io_, backend().prepare());
  EXPECT_FALSE(log_->has("DOCKER_NO_QUOTA"));
  expect_nothing_left();
}

}  // namespace
}  // namespace fairlead::backend
