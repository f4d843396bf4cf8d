// SPDX-License-Identifier: Apache-2.0
// The Docker backend with an engine that fails in every way it can: what the user is told, and what is left
// behind.
#include "backend/docker/end_reason.hpp"
#include "unit/backend/docker/fake_engine.hpp"

namespace fairlead::backend {
namespace {

class DockerFailure : public OnFakeEngine {};

TEST_F(DockerFailure, SettingsWithoutMeaningAreRefusedAtOnce) {
  config_.docker.host = "127.0.0.1:2375";
  EXPECT_THROW((void)make_docker_backend(config_, {}), std::invalid_argument);
  config_.docker.host = "unix:///x";
  config_.docker.container.erase("Image");
  EXPECT_THROW((void)make_docker_backend(config_, {}), std::invalid_argument);
}

TEST_F(DockerFailure, AbsentEngineIsSaidToOperatorAndUser) {
  config_.docker.host = "unix:///nonexistent/docker.sock";
  try {
    test::run_task(io_, backend().prepare());
    FAIL();
  } catch (const BackendError& error) {
    EXPECT_STREQ(
        error.what(),
        "cannot use the container engine: connect /nonexistent/docker.sock: No such file or directory");
  }
  const auto error = launch_failure();
  EXPECT_EQ(error.user_text(),
            "The container engine is not running. Please try again later, or tell the administrator.");
  expect_nothing_left();
}

TEST_F(DockerFailure, HungEngineMeetsTheStartDeadline) {
  engine_.on("POST /containers/create", [](Peer& peer) { peer.wait_for_end(); });
  config_.docker.container_start = 200ms;
  const auto before = std::chrono::steady_clock::now();
  const auto error = launch_failure();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1500ms);
  EXPECT_EQ(error.user_text(), "The container engine does not answer in time. Please try again later.");
  EXPECT_TRUE(eventually([&] { return journal_entries() == 0; }));
  expect_nothing_left();
}

// The link has ended, and the engine takes connections but says nothing: the user does not wait for it.
TEST_F(DockerFailure, AHungEngineDoesNotKeepTheEndFromTheUser) {
  engine_.on("POST /containers/stuck/wait", [](Peer& peer) { peer.wait_for_end(); });
  engine_.on("DELETE /containers/stuck", [](Peer& peer) { peer.wait_for_end(); });
  const auto fleet = std::make_shared<docker::Fleet>(config_, observe::Log());
  fleet->open();
  docker::Lease lease(fleet, fleet->engine_for(config_.docker), io_.get_executor());
  lease.creating();
  lease.set_container("stuck");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(test::run_task(io_, docker::end_reason(lease)), "The connection to the box was lost.");
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2500ms);
  EXPECT_THROW(test::run_task(io_, lease.remove(docker::in(500ms))), http::HttpError);
  EXPECT_LT(std::chrono::steady_clock::now() - before, 3500ms);
}

// Podman answers 200 and status 0 to who waits for a container that is removed.
constexpr const char* removed_meanwhile =
    R"({"StatusCode":0,"Error":{"Message":"container has already been removed"}})";

TEST_F(DockerFailure, AContainerThatIsRemovedWhileItIsWaitedForHasNoExitCode) {
  engine_.on("POST /containers/gone/wait", [](Peer& peer) { peer.answer(200, removed_meanwhile); });
  const docker::Engine engine(http::Client(http::Endpoint::parse(engine_.url())));
  EXPECT_THROW((void)test::run_task(io_, engine.wait("gone", docker::in(5s))), docker::EngineError);
}

TEST_F(DockerFailure, AContainerThatIsRemovedWhileItIsWaitedForIsToldAsRemoved) {
  engine_.on("POST /containers/gone/wait", [](Peer& peer) { peer.answer(200, removed_meanwhile); });
  engine_.on("GET /containers/gone/json", [](Peer& peer) { peer.answer(404, R"({"message":"no"})"); });
  const docker::Engine engine(http::Client(http::Endpoint::parse(engine_.url())));
  EXPECT_EQ(test::run_task(io_, docker::end_reason(engine, "gone")), "The box was removed.");
}

TEST_F(DockerFailure, AnErrorOfNullIsNone) {
  engine_.on("POST /containers/fine/wait",
             [](Peer& peer) { peer.answer(200, R"({"StatusCode":9,"Error":null})"); });
  const docker::Engine engine(http::Client(http::Endpoint::parse(engine_.url())));
  EXPECT_EQ(test::run_task(io_, engine.wait("fine", docker::in(5s))), 9);
}

TEST_F(DockerFailure, RefusedStartLeavesNothing) {
  engine_.on("POST /containers/made1/start", [](Peer& peer) {
    peer.answer(400, R"({"message":"OCI runtime create failed: exec: no such file"})");
  });
  const auto error = launch_failure();
  EXPECT_STREQ(
      error.what(),
      "cannot start a box: POST /containers/made1/start: 400 OCI runtime create failed: exec: no such file");
  expect_nothing_left();
}

TEST_F(DockerFailure, AnAgentThatEndsAtOnceIsNoticedWithoutWaitingForTheDeadline) {
  config_.docker.container_start = 30s;
  engine_.on("POST /containers/made1/wait", [](Peer& peer) { peer.answer(200, R"({"StatusCode":126})"); });
  const auto before = std::chrono::steady_clock::now();
  const auto error = launch_failure();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 5s);
  EXPECT_STREQ(error.what(), "the agent ended at once with status 126");
  expect_nothing_left();
}

TEST_F(DockerFailure, AnAgentThatNeverConnectsMeetsTheDeadline) {
  config_.docker.container_start = 300ms;
  engine_.on("POST /containers/made1/wait", [](Peer& peer) { peer.wait_for_end(); });
  EXPECT_EQ(launch_failure().user_text(), "Your box did not start in time. Please try again later.");
  expect_nothing_left();
}

TEST_F(DockerFailure, AnEngineWithOtherFilesGetsTheAgentByUpload) {
  int creates = 0;
  engine_.on("POST /containers/create", [&](Peer& peer) {
    if (++creates == 1)
      peer.answer(
          400,
          R"({"message":"invalid mount config for type \"bind\": bind source path does not exist: /x"})");
    else
      peer.answer(201, R"({"Id":"made9"})");
  });
  engine_.on("POST /containers/made9/attach",
             [](Peer& peer) { peer.answer(500, R"({"message":"no attach"})"); });
  for (int i = 0; i < 2; ++i) (void)launch_failure();
  EXPECT_EQ(creates, 3) << "the second login knows";
  const auto calls = engine_.calls();
  EXPECT_NE(std::ranges::find(calls, "PUT /containers/made9/archive"), calls.end());
  expect_nothing_left();
}

}  // namespace
}  // namespace fairlead::backend
