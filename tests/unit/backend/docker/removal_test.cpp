// SPDX-License-Identifier: Apache-2.0
// How boxes go when the engine does not play along, and what an earlier life left.
#include "unit/backend/docker/fake_engine.hpp"

namespace fairlead::backend {
namespace {

class DockerRemoval : public OnFakeEngine {};

TEST_F(DockerRemoval, AContainerThatWasMadeWithoutAnAnswerIsFoundByItsLabel) {
  engine_.on("POST /containers/create", [this](Peer& peer) {
    for (const auto& file : fs::directory_iterator(state_ / "journal" / "failure")) {
      if (file.path().extension() != ".json") continue;
      std::ifstream owner(state_ / "docker" / "failure" / "owner");
      std::string name;
      owner >> name;
      engine_.add("secret",
                  {{"fairlead_box", file.path().stem().string()}, {"fairlead_owner", name}, {"other", "x"}});
    }
    peer.hang_up();
  });
  EXPECT_EQ(launch_failure().user_text(), "The container engine went away. Please try again.");
  EXPECT_TRUE(eventually([&] { return journal_entries() == 0; }));
  expect_nothing_left();
}

TEST_F(DockerRemoval, RemovalIsTriedAgainUntilTheEnginePlaysAlong) {
  std::atomic<int> lists = 0;
  engine_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  engine_.on("GET /containers/json", [&](Peer& peer) {
    if (++lists == 1)
      peer.answer(500, R"({"message":"not now"})");
    else
      peer.answer(200, "[]");
  });
  (void)launch_failure();
  EXPECT_TRUE(eventually([&] { return journal_entries() == 0; }));
  EXPECT_GE(lists, 3) << "the engine might still make what it has not answered for";
  EXPECT_TRUE(log_->has("DOCKER_LEFTOVER_REMOVED"));
}

TEST_F(DockerRemoval, AContainerThatTheEngineMakesLateIsFound) {
  engine_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  std::atomic<int> lists = 0;
  engine_.on("GET /containers/json", [&](Peer& peer) {
    ++lists;
    peer.answer(200, "[]");
  });
  (void)launch_failure();
  EXPECT_TRUE(eventually([&] { return lists == 1; }));
  EXPECT_EQ(journal_entries(), 1U);
  std::string box;
  for (const auto& file : fs::directory_iterator(state_ / "journal" / "failure"))
    if (file.path().extension() == ".json") box = file.path().stem().string();
  engine_.add("late", labels_of(box));
  engine_.on("GET /containers/json", nullptr);
  EXPECT_TRUE(eventually([&] { return journal_entries() == 0; }));
  expect_nothing_left();
}

TEST_F(DockerRemoval, ABoxCountsAsItsUsersUntilNothingOfItIsLeft) {
  std::atomic<bool> plays_along = false;
  engine_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  engine_.on("GET /containers/json", [&](Peer& peer) {
    if (plays_along)
      peer.answer(200, "[]");
    else
      peer.answer(500, R"({"message":"not now"})");
  });
  const auto places = std::make_shared<BoxPlaces>();
  Login login = this->login();
  login.places = places;
  EXPECT_THROW((void)test::run_task(io_, backend().launch(login)), BackendError);
  EXPECT_TRUE(eventually([&] { return log_->has("DOCKER_REMOVE_FAILED"); }));
  EXPECT_FALSE(places->take("alice", 1)) << "the engine may still have it";
  plays_along = true;
  EXPECT_TRUE(eventually([&] { return places->take("alice", 1) != nullptr; }));
  EXPECT_EQ(journal_entries(), 0U);
}

TEST_F(DockerRemoval, ALeftoverThatStaysAtTheStartIsTriedAgain) {
  test::run_task(io_, backend().prepare());
  engine_.add("stubborn", labels_of("docker-stubborn"));
  std::atomic<int> removals = 0;
  engine_.on("DELETE /containers/stubborn", [&](Peer& peer) {
    ++removals;
    peer.answer(500, R"({"message":"device is busy"})");
  });
  test::run_task(io_, backend().prepare());
  EXPECT_TRUE(log_->has("DOCKER_REMOVE_FAILED"));
  EXPECT_TRUE(eventually([&] { return removals == 2; }));
  engine_.on("DELETE /containers/stubborn", nullptr);
  EXPECT_TRUE(eventually([&] { return engine_.containers().empty(); }));
}

TEST_F(DockerRemoval, AnEngineThatDoesNotAnswerIsNotAskedForEachLeftover) {
  test::run_task(io_, backend().prepare());
  for (int i = 0; i < 100; ++i)
    engine_.add("box" + std::to_string(i), labels_of("docker-" + std::to_string(i)));
  for (int i = 0; i < 100; ++i)
    engine_.on("DELETE /containers/box" + std::to_string(i), [](Peer& peer) { peer.wait_for_end(); });
  config_.docker.container_stop = 300ms;
  backend_.reset();
  const auto before = std::chrono::steady_clock::now();
  test::run_task(io_, backend().prepare());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 2s);
}

TEST_F(DockerRemoval, RetriesEndWithTheBackend) {
  std::atomic<int> lists = 0;
  engine_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  engine_.on("GET /containers/json", [&](Peer& peer) {
    ++lists;
    peer.answer(500, R"({"message":"not now"})");
  });
  (void)launch_failure();
  EXPECT_TRUE(eventually([&] { return lists == 1; }));
  io_.poll();
  backend_.reset();
  io_.restart();
  io_.run();  // comes to an end
  EXPECT_EQ(lists, 1);
}

TEST_F(DockerRemoval, ALoginCancelledInMidLaunchLeavesNothing) {
  engine_.on("POST /containers/made1/start", [](Peer& peer) { peer.wait_for_end(); });
  config_.docker.container_start = 500ms;
  {
    ssh::TaskScope scope(io_.get_executor());
    auto launch = [](Backend& from, Login login) -> Task<> { (void)co_await from.launch(std::move(login)); };
    scope.spawn(launch(backend(), login()));
    ASSERT_TRUE(eventually([&] { return !engine_.containers().empty(); }));
  }
  EXPECT_TRUE(eventually([&] { return journal_entries() == 0; }));
  expect_nothing_left();
}

TEST_F(DockerRemoval, LeftoversGoAndOthersStay) {
  // First life: an engine that fails in mid-creation, then the daemon dies.
  engine_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  engine_.on("GET /containers/json", [](Peer& peer) { peer.hang_up(); });
  (void)launch_failure();
  EXPECT_EQ(journal_entries(), 1U);
  backend_.reset();
  io_.~io_context();
  new (&io_) boost::asio::io_context(1);

  std::string owner;
  std::ifstream(state_ / "docker" / "failure" / "owner") >> owner;
  const auto labels = [](const std::string& instance, const std::string& of, const std::string& box) {
    return json::object{{"fairlead_instance", instance}, {"fairlead_owner", of}, {"fairlead_box", box}};
  };
  std::string cut_short;
  for (const auto& file : fs::directory_iterator(state_ / "journal" / "failure"))
    if (file.path().extension() == ".json") cut_short = file.path().stem().string();
  engine_.add("ours", labels("failure", owner, "docker-1"));
  engine_.add("half_made", labels("failure", owner, cut_short));
  engine_.add("elsewhere", labels("failure", "another state directory", "docker-2"));
  engine_.add("instance", labels("other", owner, "docker-3"));
  engine_.add("half", {{"fairlead_instance", "failure"}});
  engine_.add("foreign", {{"maintainer", "somebody"}});
  engine_.on("POST /containers/create", nullptr);
  engine_.on("GET /containers/json", nullptr);

  test::run_task(io_, backend().prepare());
  const std::set<std::string> others{"elsewhere", "instance", "half", "foreign"};
  EXPECT_EQ(engine_.containers(), others);
  EXPECT_TRUE(log_->has("DOCKER_FOREIGN_CONTAINERS"));
  // What the first life asked for and was not answered may still come, even if something of it was there.
  ASSERT_EQ(journal_entries(), 1U);
  engine_.add("late", labels("failure", owner, cut_short));
  EXPECT_TRUE(eventually([&] { return journal_entries() == 0; }));
  EXPECT_EQ(engine_.containers(), others);
}

TEST_F(DockerRemoval, OneBoxThatCannotBeRemovedDoesNotKeepTheOthers) {
  test::run_task(io_, backend().prepare());
  for (int i = 0; i < 20; ++i) engine_.add("box" + std::to_string(i), labels_of(std::to_string(i)));
  engine_.on("DELETE /containers/box7",
             [](Peer& peer) { peer.answer(500, R"({"message":"device is busy"})"); });
  test::run_task(io_, backend().shutdown());
  EXPECT_EQ(engine_.containers(), std::set<std::string>{"box7"});
}

}  // namespace
}  // namespace fairlead::backend
