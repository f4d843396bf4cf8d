// SPDX-License-Identifier: Apache-2.0
// Engines and idle times that only a login's own configuration names: what a later process knows of them.
#include "backend/docker/engine_book.hpp"
#include "backend/docker/fleet.hpp"
#include "backend/docker/limits.hpp"
#include "unit/backend/docker/fake_engine.hpp"

#include <sys/stat.h>

namespace fairlead::backend {
namespace {

using docker::EngineAddress;

class DockerElsewhere : public OnFakeEngine {
 protected:
  // As the configuration server's answer would have it.
  Login login_elsewhere(const std::string& host) {
    auto own = std::make_shared<config::Config>(config_);
    own->docker.host = host;
    own->for_one_login = true;
    Login login = this->login();
    login.config = std::move(own);
    return login;
  }
  void die() {
    backend_.reset();
    io_.~io_context();
    new (&io_) boost::asio::io_context(1);
  }
  std::vector<fs::path> entries(const std::string& prefix) {
    std::vector<fs::path> found;
    for (const auto& file : fs::directory_iterator(state_ / "journal" / "failure"))
      if (file.path().filename().string().starts_with(prefix)) found.push_back(file.path());
    return found;
  }

  FakeEngine other_;
};

TEST_F(DockerElsewhere, WhatACrashLeftOnAnEngineThatOnlyALoginNamedIsRemoved) {
  test::run_task(io_, backend().prepare());
  other_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  other_.on("GET /containers/json", [](Peer& peer) { peer.hang_up(); });
  EXPECT_THROW((void)test::run_task(io_, backend().launch(login_elsewhere(other_.url()))), BackendError);
  ASSERT_EQ(entries("docker-").size(), 1U);
  const auto remembered = entries("engine-");
  ASSERT_EQ(remembered.size(), 1U);
  struct stat status{};
  ASSERT_EQ(::stat(remembered.front().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U) << "it may hold private keys";
  other_.add("half_made", labels_of(entries("docker-").front().stem()));
  die();
  other_.on("GET /containers/json", nullptr);
  test::run_task(io_, backend().prepare());
  EXPECT_TRUE(eventually([&] { return entries("docker-").empty(); }));
  EXPECT_TRUE(other_.containers().empty());
  test::run_task(io_, backend().shutdown());
  EXPECT_EQ(journal_entries(), 0U) << "and the way there is forgotten";
}

TEST_F(DockerElsewhere, AnEngineThatIsGoneKeepsTheDaemonFromNothing) {
  test::run_task(io_, backend().prepare());
  other_.on("POST /containers/create", [](Peer& peer) { peer.hang_up(); });
  other_.on("GET /containers/json", [](Peer& peer) { peer.wait_for_end(); });
  EXPECT_THROW((void)test::run_task(io_, backend().launch(login_elsewhere(other_.url()))), BackendError);
  die();
  const auto before = std::chrono::steady_clock::now();
  test::run_task(io_, backend().prepare());
  EXPECT_LT(std::chrono::steady_clock::now() - before, 1s);
  EXPECT_EQ(entries("engine-").size(), 1U) << "needed still";
  die();  // whoever still waits for it
}

TEST_F(DockerElsewhere, AnotherEngineForEachLoginFillsNothing) {
  test::run_task(io_, backend().prepare());
  for (std::size_t i = 0; i < docker::limits::known_engines + 20; ++i) {
    auto login = login_elsewhere("unix:///nonexistent/" + std::to_string(i));
    EXPECT_THROW((void)test::run_task(io_, backend().launch(std::move(login))), BackendError);
  }
  EXPECT_LE(entries("engine-").size(), docker::limits::known_engines);
}

TEST(EngineBook, AnAddressComesBackAsItWasConfigured) {
  const EngineAddress address{"tcp://h:1", "/etc/ca.pem", "-----BEGIN CERTIFICATE-----\nx", "/etc/key",
                              "attach"};
  const auto read = EngineAddress::read(address.details());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->details(), address.details());
  EXPECT_EQ(read->id(), address.id());
  EXPECT_TRUE(is_plain_name(address.id()));
  auto other = address;
  other.key = "/etc/key2";
  EXPECT_NE(other.id(), address.id());
  EXPECT_FALSE(EngineAddress::read({{"cacert", "x"}}));
}

TEST(Pulls, OnlyThoseThatSomebodyWaitsForAreRemembered) {
  boost::asio::io_context io;
  docker::Pulls pulls;
  const auto now = docker::Pulls::Clock::now();
  const auto seat = pulls.audience.enter("waited for", io.get_executor(), {});
  pulls.note("waited for", now);
  for (int i = 0; i < 1000; ++i) pulls.note(std::to_string(i), now);
  EXPECT_LE(pulls.size(), 2U);
  EXPECT_TRUE(pulls.began_since("waited for", now));
}

TEST(Residents, AgentsOfBoxesThatAreLongGoneAreForgotten) {
  docker::Residents residents;
  for (std::size_t i = 0; i <= docker::limits::known_agents; ++i) residents.set_agent(std::to_string(i));
  EXPECT_TRUE(residents.has_agent(std::to_string(docker::limits::known_agents)));
  EXPECT_FALSE(residents.has_agent("0"));
}

// Homes of agentless logins: what stops them after the daemon's death.
class DockerHomeNotes : public DockerElsewhere {
 protected:
  void SetUp() override {
    OnFakeEngine::SetUp();
    config_.docker.disable_agent = true;
    config_.docker.idle_command = {"/idle"};
    config_.docker.mode = "persistent";
    config_.docker.create_missing = true;
    config_.docker.container_name = "home-{username}";
    config_.docker.stop_after_idle = 1h;
    test::run_task(io_, backend().prepare());
    serve_home(engine_);
    serve_home(other_);
  }
  void serve_home(FakeEngine& engine) {
    auto labels = labels_of("");
    labels.erase("fairlead_box");
    labels["fairlead_home"] = "alice";
    const auto container = json::serialize(json::object{{"Id", "h1"},
                                                        {"Name", "/home-alice"},
                                                        {"State", {{"Running", true}}},
                                                        {"Config", {{"Labels", labels}}}});
    engine.on("GET /containers/home-alice/json", [container](Peer& peer) { peer.answer(200, container); });
    const auto list = json::serialize(json::array{
        {{"Id", "h1"}, {"Names", json::array{"/home-alice"}}, {"State", "running"}, {"Labels", labels}}});
    engine.on("GET /containers/json", [list](Peer& peer) { peer.answer(200, list); });
  }
  bool was_stopped(FakeEngine& engine) {
    const auto calls = engine.calls();
    return std::ranges::find(calls, "POST /containers/h1/stop") != calls.end();
  }
  void log_in_and_die(const std::string& host, std::chrono::nanoseconds idle) {
    Login login = login_elsewhere(host);
    auto own = std::make_shared<config::Config>(*login.config);
    own->docker.stop_after_idle = idle;
    login.config = std::move(own);
    (void)test::run_task(io_, backend().launch(std::move(login)));  // and leave; nothing runs any more then
    die();
  }
};

TEST_F(DockerHomeNotes, ABoxKeepsItsOwnIdleTimeAfterTheDaemonsDeath) {
  log_in_and_die(config_.docker.host, 200ms);
  ASSERT_FALSE(was_stopped(engine_));
  EXPECT_EQ(entries("home-").size(), 1U);
  test::run_task(io_, backend().prepare());
  EXPECT_TRUE(eventually([&] { return was_stopped(engine_) && entries("home-").empty(); }));
}

TEST_F(DockerHomeNotes, AlsoOnAnEngineThatOnlyItsUserHas) {
  log_in_and_die(other_.url(), 200ms);
  test::run_task(io_, backend().prepare());
  EXPECT_TRUE(eventually([&] { return was_stopped(other_) && entries("home-").empty(); }));
}

TEST_F(DockerHomeNotes, NeverStaysNever) {
  config_.docker.stop_after_idle = 50ms;
  backend_.reset();
  log_in_and_die(config_.docker.host, 0ms);
  test::run_task(io_, backend().prepare());
  const auto end = std::chrono::steady_clock::now() + 200ms;
  test::run_until(io_, [&] { return was_stopped(engine_) || std::chrono::steady_clock::now() > end; });
  EXPECT_FALSE(was_stopped(engine_));
}

TEST_F(DockerHomeNotes, WhatTheFileSaysNeedsNoNote) {
  log_in_and_die(config_.docker.host, config_.docker.stop_after_idle);
  EXPECT_EQ(journal_entries(), 0U);
}

}  // namespace
}  // namespace fairlead::backend
