// SPDX-License-Identifier: Apache-2.0
// What users are told of a pull: bytes added up from the engine's lines, for everybody who waits.
#include "backend/docker/limits.hpp"
#include "backend/docker/pull_audience.hpp"
#include "backend/docker/pull_meter.hpp"
#include "unit/backend/docker/fake_engine.hpp"

#include <fmt/format.h>

#include <vector>

namespace fairlead::docker {
namespace {

using backend::Progress;
using Stage = Progress::Stage;

std::string words(const std::optional<Progress>& progress) {
  if (!progress) return "nothing";
  return (progress->stage == Stage::fetching ? "fetching " : "unpacking ") + std::to_string(progress->done) +
         "/" + std::to_string(progress->total);
}

std::string after(PullMeter& meter, std::string_view line) {
  meter.note(boost::json::parse(line));
  return words(meter.progress());
}

TEST(PullMeter, LayersAreAddedUp) {
  PullMeter meter;
  const std::pair<const char*, const char*> steps[] = {
      {R"({"status":"Pulling from library/x","id":"latest"})", "nothing"},
      {R"({"status":"Already exists","progressDetail":{},"id":"old"})", "nothing"},
      {R"({"status":"Pulling fs layer","progressDetail":{},"id":"a"})", "fetching 0/0"},
      {R"({"status":"Pulling fs layer","progressDetail":{},"id":"b"})", "fetching 0/0"},
      {R"({"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"a"})", "fetching 10/0"},
      {R"({"status":"Downloading","progressDetail":{"current":5,"total":50},"id":"b"})", "fetching 15/150"},
      {R"({"status":"Verifying Checksum","progressDetail":{},"id":"a"})", "fetching 105/150"},
      {R"({"status":"Download complete","progressDetail":{},"id":"b"})", "unpacking 0/150"},
      {R"({"status":"Extracting","progressDetail":{"current":40,"total":100},"id":"a"})", "unpacking 40/150"},
      {R"({"status":"Extracting","progressDetail":{"current":3,"units":"s"},"id":"a"})", "unpacking 40/150"},
      {R"({"status":"Pull complete","progressDetail":{},"id":"a"})", "unpacking 100/150"},
      {R"({"status":"Pull complete","progressDetail":{},"id":"b"})", "unpacking 150/150"},
      {R"({"status":"Digest: sha256:00"})", "unpacking 150/150"},
      {R"({"status":"Status: Downloaded newer image for x:latest"})", "unpacking 150/150"}};
  for (const auto& [line, expected] : steps) EXPECT_EQ(after(meter, line), expected) << line;
}

TEST(PullMeter, NonsenseIsPassedOver) {
  PullMeter meter;
  for (const char* line :
       {"[]", "null", "7", R"({"id":7,"status":[]})", R"({"id":"","status":"Downloading"})", "{}"})
    EXPECT_EQ(after(meter, line), "nothing") << line;
  EXPECT_EQ(after(meter, R"({"id":"a","status":"Downloading","progressDetail":{"current":-5,"total":-1}})"),
            "fetching 0/0");
  EXPECT_EQ(after(meter, R"({"id":"a","status":"Downloading","progressDetail":"x"})"), "fetching 0/0");
  for (std::size_t i = 0; i < limits::layers + 10; ++i)
    after(meter,
          R"({"id":")" + std::to_string(i) +
              R"(","status":"Downloading","progressDetail":{"current":9e18,"total":9000000000000000000}})");
  after(meter, R"({"id":"a","status":"Download complete"})");  // its size is 0, then
  EXPECT_EQ(meter.progress()->total, (limits::layers - 1) * static_cast<std::uint64_t>(limits::layer_bytes))
      << "of a bounded number, each of a bounded size";
}

class Audience : public testing::Test {
 protected:
  backend::ProgressSink sink(int who) {
    return [this, who](const Progress& progress) { heard_.push_back(std::to_string(who) + words(progress)); };
  }
  std::vector<std::string> heard() {
    io_.restart();
    io_.run();
    return std::exchange(heard_, {});
  }

  boost::asio::io_context io_{1};
  std::vector<std::string> heard_;
  PullAudience audience_;
};

TEST_F(Audience, EverybodyIsToldAndWhoComesLateHearsTheLastReport) {
  const auto executor = io_.get_executor();
  audience_.tell("x", {Stage::fetching, 1, 9});  // to nobody
  const auto first = audience_.enter("x", executor, sink(1));
  const auto other = audience_.enter("y", executor, sink(2));
  const auto silent = audience_.enter("x", executor, {});
  EXPECT_EQ(heard(), std::vector<std::string>{});
  audience_.tell("x", {Stage::fetching, 2, 9});
  EXPECT_EQ(heard(), std::vector<std::string>{"1fetching 2/9"});
  {
    const auto late = audience_.enter("x", executor, sink(3));
    EXPECT_EQ(heard(), std::vector<std::string>{"3fetching 2/9"});
    audience_.tell("x", {Stage::unpacking, 0, 9});
    EXPECT_EQ(heard(), (std::vector<std::string>{"1unpacking 0/9", "3unpacking 0/9"}));
  }
  audience_.tell("x", {Stage::unpacking, 5, 9});
  EXPECT_EQ(heard(), std::vector<std::string>{"1unpacking 5/9"});
}

}  // namespace
}  // namespace fairlead::docker

namespace fairlead::backend {
namespace {

class PullProgress : public OnFakeEngine {};

// Each on a core of its own, as in the daemon.
TEST_F(PullProgress, ReachesEveryLoginThatWaitsOnItsOwnThread) {
  std::atomic<int> told = 0;
  std::atomic<bool> pulled = false;
  constexpr int logins = 3;
  engine_.on("GET /images/x/json", [&](Peer& peer) { peer.answer(pulled ? 200 : 404, "{}"); });
  engine_.on("POST /images/create", [&](Peer& peer) {
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    const std::string line = R"({"status":"Downloading","progressDetail":{"current":1,"total":2},"id":"a"})"
                             "\n";
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (told < logins && std::chrono::steady_clock::now() < deadline) {
      peer.write(fmt::format("{:x}\r\n{}\r\n", line.size(), line));
      std::this_thread::sleep_for(20ms);
    }
    pulled = true;
    peer.write("0\r\n\r\n");
  });
  engine_.on("POST /containers/create", [](Peer& peer) { peer.answer(400, R"({"message":"enough"})"); });
  config_.docker.container_start = 20s;
  (void)backend();
  std::vector<std::jthread> cores;
  for (int i = 0; i < logins; ++i)
    cores.emplace_back([&] {
      boost::asio::io_context io{1};
      const auto self = std::this_thread::get_id();
      auto waiting = login();
      bool heard = false;
      waiting.progress = [&](const Progress& progress) {
        EXPECT_EQ(std::this_thread::get_id(), self);
        EXPECT_EQ(progress.total, 2U);
        if (!std::exchange(heard, true)) ++told;
      };
      EXPECT_THROW((void)test::run_task(io, backend_->launch(std::move(waiting))), BackendError);
    });
  cores.clear();
  EXPECT_EQ(told, logins);
  expect_nothing_left();
}

TEST_F(PullProgress, NobodyIsToldWhereNothingIsPulledOrThePullIsRefused) {
  int told = 0;
  engine_.on("POST /containers/create", [](Peer& peer) { peer.answer(400, R"({"message":"enough"})"); });
  auto waiting = login();
  waiting.progress = [&](const Progress&) { ++told; };
  EXPECT_THROW((void)test::run_task(io_, backend().launch(waiting)), BackendError);
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, "{}"); });
  engine_.on("POST /images/create", [](Peer& peer) { peer.answer(404, R"({"message":"no such"})"); });
  EXPECT_THROW((void)test::run_task(io_, backend().launch(waiting)), BackendError);
  EXPECT_EQ(told, 0);
}

}  // namespace
}  // namespace fairlead::backend
