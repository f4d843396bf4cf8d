// SPDX-License-Identifier: Apache-2.0
// Logins do not queue up before an engine that does not answer.
#include "backend/docker/engine_gate.hpp"

#include "backend/docker/engine.hpp"
#include "backend/docker/limits.hpp"
#include "http/error.hpp"
#include "unit/backend/docker/fake_engine.hpp"

#include <thread>

namespace fairlead::backend {
namespace {

using docker::Blame;
using docker::EngineGate;
namespace limits = docker::limits;

const EngineGate::Clock::time_point start = EngineGate::Clock::now();

void shut(EngineGate& gate) {
  for (unsigned i = 1; i < limits::launches_without_answer; ++i) EXPECT_FALSE(gate.failed(start));
  EXPECT_TRUE(gate.failed(start)) << "this one closes it";
}

TEST(EngineGate, ClosesAfterFailuresInARow) {
  EngineGate gate;
  for (unsigned i = 1; i < limits::launches_without_answer; ++i) EXPECT_FALSE(gate.failed(start));
  EXPECT_FALSE(gate.answered());
  shut(gate);
  EXPECT_FALSE(gate.enter(start));
  EXPECT_FALSE(gate.failed(start + 1h)) << "one that was on its way says nothing new";
  EXPECT_TRUE(gate.enter(start + limits::first_gate_pause));
}

TEST(EngineGate, LetsOneProbeThroughAtATimeWithPausesThatGrow) {
  EngineGate gate;
  shut(gate);
  auto now = start;
  for (auto pause = limits::first_gate_pause; pause < 3 * limits::longest_gate_pause; pause *= 2) {
    const auto expected = std::min(pause, limits::longest_gate_pause);
    EXPECT_FALSE(gate.enter(now + expected - 1ms));
    now += expected;
    const auto probe = gate.enter(now);
    ASSERT_TRUE(probe);
    EXPECT_FALSE(gate.enter(now + 1h)) << "while somebody asks nobody else does";
    EXPECT_FALSE(gate.failed(now)) << "it was closed before";
  }
  EXPECT_TRUE(gate.answered()) << "this opens it";
  EXPECT_FALSE(gate.answered());
  EXPECT_TRUE(gate.enter(now));
}

TEST(EngineGate, AProbeThatSaysNothingMakesRoomForTheNext) {
  EngineGate gate;
  shut(gate);
  EXPECT_TRUE(gate.enter(start + 1h));
  EXPECT_TRUE(gate.enter(start + 1h));
}

TEST(EngineGate, BlamesTheEngineForSilenceAndItsOwnTrouble) {
  const auto of = [](auto error, bool patient = true) {
    return docker::blame_for(std::make_exception_ptr(error), patient);
  };
  using enum http::Failure;
  for (const auto kind : {connect, timeout, closed, protocol})
    EXPECT_EQ(of(http::HttpError(kind, "x")), Blame::engine);
  EXPECT_EQ(of(http::HttpError(timeout, "x"), false), Blame::unknown) << "a user who waits for a second only";
  EXPECT_EQ(of(http::HttpError(cancelled, "x")), Blame::unknown);
  EXPECT_EQ(of(docker::EngineError(503, "POST /containers/create: 503")), Blame::engine);
  EXPECT_EQ(of(docker::EngineError(500, "GET /images/x/json: 500")), Blame::engine);
  EXPECT_EQ(of(docker::EngineError(500, "POST /containers/create: 500 no such driver")), Blame::nobody);
  EXPECT_EQ(of(docker::EngineError(404, "POST /containers/create: 404")), Blame::nobody);
  EXPECT_EQ(of(BackendError("x", "y")), Blame::unknown);
  EXPECT_EQ(docker::blame_for(nullptr, true), Blame::nobody);
}

class DockerGate : public OnFakeEngine {};

TEST_F(DockerGate, LoginsAreRefusedAtOnceWhileTheEngineSaysNothingAndServedWhenItIsBack) {
  config_.docker.disable_agent = true;
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.hang_up(); });
  for (unsigned i = 0; i < limits::launches_without_answer; ++i) (void)launch_failure();
  EXPECT_TRUE(log_->has("DOCKER_ENGINE_DOWN"));
  const auto asked = engine_.calls().size();
  EXPECT_EQ(launch_failure().user_text(), "The container engine does not answer. Please try again later.");
  EXPECT_EQ(engine_.calls().size(), asked);
  engine_.on("GET /images/x/json", nullptr);
  std::unique_ptr<Box> box;
  const auto served = [&] {
    try {
      box = test::run_task(io_, backend().launch(login()));
    } catch (const BackendError&) {
      std::this_thread::sleep_for(10ms);
    }
    return box != nullptr;
  };
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!served() && std::chrono::steady_clock::now() < deadline) {
  }
  ASSERT_TRUE(box);
  EXPECT_TRUE(log_->has("DOCKER_ENGINE_BACK"));
  test::run_task(io_, box->remove());
}

}  // namespace
}  // namespace fairlead::backend
