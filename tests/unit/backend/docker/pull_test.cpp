// SPDX-License-Identifier: Apache-2.0
// Images that are not there, with a registry that fails for a while or refuses.
#include "unit/backend/docker/fake_engine.hpp"

#include <atomic>
#include <thread>

namespace fairlead::backend {
namespace {

class DockerPull : public OnFakeEngine {};

TEST_F(DockerPull, MissingImageUnderNeverIsSaidAndNothingIsPulled) {
  config_.docker.image_pull_policy = "Never";
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, R"({"message":"No such image: x"})"); });
  EXPECT_THROW(test::run_task(io_, backend().prepare()), BackendError);
  EXPECT_EQ(launch_failure().user_text(),
            "The image of your box is not available. Please tell the administrator.");
  for (const auto& call : engine_.calls()) EXPECT_NE(call, "POST /images/create");
  expect_nothing_left();
}

TEST_F(DockerPull, AFailedPullIsSaid) {
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, "{}"); });
  engine_.on("POST /images/create", [](Peer& peer) { peer.answer(200, R"({"error":"toomanyrequests"})"); });
  EXPECT_STREQ(launch_failure().what(), "cannot start a box: pull of x: toomanyrequests");
  expect_nothing_left();
}

TEST_F(DockerPull, APullThatMaySucceedLaterIsTriedAgain) {
  std::atomic<int> pulls = 0;
  engine_.on("GET /images/x/json", [&](Peer& peer) { peer.answer(pulls < 4 ? 404 : 200, "{}"); });
  engine_.on("POST /images/create", [&](Peer& peer) {
    switch (++pulls) {
      case 1:
        return peer.answer(500, R"({"message":"Get \"https://r/v2/\": read tcp: connection reset by peer"})");
      case 2:
        return peer.answer(200, R"({"error":"received unexpected HTTP status: 503 Service Unavailable"})");
      case 3:
        return peer.hang_up();
      default:
        return peer.answer(200, R"({"status":"done"})");
    }
  });
  engine_.on("POST /containers/create", [](Peer& peer) { peer.answer(400, R"({"message":"enough"})"); });
  config_.docker.container_start = 20s;
  EXPECT_STREQ(launch_failure().what(), "cannot start a box: POST /containers/create: 400 enough");
  EXPECT_EQ(pulls, 4);
  EXPECT_TRUE(log_->has("DOCKER_PULL_RETRY"));
}

TEST_F(DockerPull, ARefusedPullIsNotTriedAgain) {
  std::atomic<int> pulls = 0;
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, "{}"); });
  config_.docker.container_start = 20s;
  const std::pair<unsigned, const char*> refusals[] = {
      {404, R"({"message":"manifest for x:latest not found: manifest unknown"})"},
      {404, R"({"message":"pull access denied for x, repository does not exist"})"},
      {500, R"({"message":"unauthorized: authentication required"})"},
      {500, R"({"message":"Get \"https://r/v2/\": dial tcp: lookup r: no such host"})"},
      {200, R"({"error":"toomanyrequests: You have reached your pull rate limit"})"}};
  for (const auto& [status, words] : refusals) {
    engine_.on("POST /images/create", [&, status, words](Peer& peer) {
      ++pulls;
      peer.answer(status, words);
    });
    EXPECT_EQ(launch_failure().user_text(),
              "The image of your box is not available. Please tell the administrator.");
  }
  EXPECT_EQ(pulls, 5);
  expect_nothing_left();
}

TEST_F(DockerPull, PullsAreTriedAgainOnlyWithinTheDeadline) {
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, "{}"); });
  engine_.on("POST /images/create", [](Peer& peer) { peer.answer(502, "bad gateway"); });
  config_.docker.container_start = 1500ms;
  const auto failure = launch_failure();
  EXPECT_STREQ(failure.what(), "cannot start a box: POST /images/create: 502 bad gateway");
  EXPECT_EQ(failure.user_text(), "The image of your box could not be fetched. Please try again later.");
  engine_.on("POST /images/create", [](Peer& peer) { peer.wait_for_end(); });
  EXPECT_EQ(launch_failure().user_text(),
            "The image of your box could not be fetched in time. Please try again later.");
  expect_nothing_left();
}

// W3.14: timeouts.http is the time of an ordinary call.
TEST_F(DockerPull, APullMayTakeLongerThanAnOrdinaryCall) {
  std::atomic<bool> pulled = false;
  config_.docker.http = 100ms;
  config_.docker.container_start = 20s;
  engine_.on("GET /images/x/json", [&](Peer& peer) { peer.answer(pulled ? 200 : 404, "{}"); });
  engine_.on("POST /images/create", [&](Peer& peer) {
    std::this_thread::sleep_for(400ms);  // what is slow is the point
    pulled = true;
    peer.answer(200, R"({"status":"done"})");
  });
  engine_.on("POST /containers/create", [](Peer& peer) { peer.answer(400, R"({"message":"enough"})"); });
  EXPECT_STREQ(launch_failure().what(), "cannot start a box: POST /containers/create: 400 enough");
}

// W3.16: ContainerSSH tries for a minute what can only fail.
TEST_F(DockerPull, ANameThatIsTakenIsToldAtOnce) {
  int creations = 0;
  config_.docker.container_start = 20s;
  engine_.on("POST /containers/create", [&](Peer& peer) {
    ++creations;
    peer.answer(409, R"({"message":"Conflict. The container name \"/x\" is already in use"})");
  });
  EXPECT_EQ(launch_failure().user_text(), "Your box could not be started. Please tell the administrator.");
  EXPECT_EQ(creations, 1);
  expect_nothing_left();
}

// Ten logins of one moment, and an engine that has the image only after a pull.
class ManyPulls : public DockerPull {
 protected:
  static constexpr int logins = 10;

  void SetUp() override {
    DockerPull::SetUp();
    config_.docker.container_start = 20s;
    engine_.on("GET /images/x/json", [this](Peer& peer) {
      ++questions_;
      peer.answer(pulls_ > 0 ? 200 : 404, "{}");
    });
    // Not before everybody has come: under IfNotPresent each has asked once then.
    engine_.on("POST /images/create", [this](Peer& peer) {
      const auto deadline = std::chrono::steady_clock::now() + 10s;
      while (wait_for_all_ && questions_ < logins && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
      ++pulls_;
      peer.answer(200, R"({"status":"done"})");
    });
    engine_.on("POST /containers/create", [](Peer& peer) { peer.answer(400, R"({"message":"enough"})"); });
  }

  void launch_all() {
    auto one = [this]() -> Task<> {
      try {
        (void)co_await backend().launch(login());
      } catch (const BackendError& error) {
        failures_ += std::string_view(error.what()).ends_with("400 enough") ? 1 : 0;
      }
    };
    auto all = [&]() -> Task<> {
      ssh::TaskScope scope(co_await ssh::asio::this_coro::executor);
      for (int i = 0; i < logins; ++i) scope.spawn(one());
      co_await scope.join();
    };
    test::run_task(io_, all());
    EXPECT_EQ(failures_, logins) << "each got as far as its container";
    expect_nothing_left();
  }

  std::atomic<int> questions_ = 0, pulls_ = 0;
  bool wait_for_all_ = true;
  int failures_ = 0;
};

TEST_F(ManyPulls, OfAMissingImageAreOne) {
  launch_all();
  EXPECT_EQ(pulls_, 1);
}

TEST_F(ManyPulls, UnderAlwaysAreSharedByWhoCameBeforeTheyBegan) {
  config_.docker.image_pull_policy = "Always";
  wait_for_all_ = false;  // nobody asks before pulling
  launch_all();
  EXPECT_GE(pulls_, 1);
  EXPECT_LE(pulls_, 2) << "the first one, and one for all who came while it ran";
}

}  // namespace
}  // namespace fairlead::backend
