// SPDX-License-Identifier: Apache-2.0
// The Docker backend with an engine that fails in every way it can: what the user is told, and what is left
// behind.
#include "backend/docker/docker.hpp"
#include "backend/journal.hpp"
#include "http/json.hpp"
#include "support/run_task.hpp"
#include "support/scripted_server.hpp"
#include "unit/backend/oci/box_fixture.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

namespace fairlead::backend {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace std::chrono_literals;
using test::Peer;

// An engine with containers that never run anything. Calls can be overridden by their method and path without
// version.
class FakeEngine {
 public:
  using Handler = std::function<void(Peer&)>;

  void on(const std::string& call, Handler handler) {
    const std::lock_guard lock(mutex_);
    handlers_[call] = std::move(handler);
  }
  void add(const std::string& id, json::object labels) {
    const std::lock_guard lock(mutex_);
    containers_[id] = std::move(labels);
  }
  [[nodiscard]] std::set<std::string> containers() {
    const std::lock_guard lock(mutex_);
    std::set<std::string> ids;
    for (const auto& [id, labels] : containers_) ids.insert(id);
    return ids;
  }
  [[nodiscard]] std::vector<std::string> calls() {
    const std::lock_guard lock(mutex_);
    return calls_;
  }
  [[nodiscard]] std::string url() const { return server_.url(); }

 private:
  void serve(Peer& peer) {
    for (std::string request; !(request = peer.read_request()).empty();) {
      const auto call = call_of(request);
      Handler handler;
      {
        const std::lock_guard lock(mutex_);
        if (call != "GET /_ping") calls_.push_back(call);
        if (const auto found = handlers_.find(call); found != handlers_.end()) handler = found->second;
      }
      if (handler)
        handler(peer);
      else
        answer(peer, call, request);
    }
  }

  // "POST /v1.41/containers/create?name=x HTTP/1.1…" as "POST /containers/create".
  static std::string call_of(const std::string& request) {
    auto line = request.substr(0, request.find(" HTTP/"));
    line = line.substr(0, line.find('?'));
    if (const auto version = line.find("/v1."); version != std::string::npos)
      line.erase(version, line.find('/', version + 1) - version);
    return line;
  }

  void answer(Peer& peer, const std::string& call, const std::string& request) {
    const std::lock_guard lock(mutex_);
    if (call == "GET /_ping") {
      peer.write("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n");
    } else if (call == "POST /containers/create") {
      const auto body = json::parse(request.substr(request.find("\r\n\r\n") + 4));
      const auto id = "made" + std::to_string(++made_);
      containers_[id] = body.at("Labels").as_object();
      peer.answer(201, R"({"Id":")" + id + "\"}");
    } else if (call == "GET /containers/json") {
      json::array list;
      for (const auto& [id, labels] : containers_)
        if (fits(request, labels)) list.push_back({{"Id", id}, {"Labels", labels}});
      peer.answer(200, json::serialize(list));
    } else if (call.starts_with("DELETE /containers/")) {
      const bool there = containers_.erase(call.substr(19)) > 0;
      peer.answer(there ? 204 : 404, "");
    } else if (call.starts_with("GET /images/")) {
      peer.answer(200, R"({"Config":{}})");
    } else {
      peer.answer(200, "{}");
    }
  }

  // Filters are percent-encoded JSON: every label of them must be one of the container's.
  static bool fits(const std::string& request, const json::object& labels) {
    const auto start = request.find("filters=") + 8;
    const auto filters = request.substr(start, request.find(' ', start) - start);
    std::size_t wanted = 0;
    std::size_t found = 0;
    for (std::size_t at = 0; (at = filters.find("%3D", at)) != std::string::npos; ++at) ++wanted;
    for (const auto& [name, value] : labels)
      if (filters.find(std::string(name) + "%3D" + std::string(value.as_string()) + "%22") !=
          std::string::npos)
        ++found;
    return wanted == found;
  }

  std::mutex mutex_;
  std::map<std::string, Handler> handlers_;
  std::map<std::string, json::object> containers_;
  std::vector<std::string> calls_;
  int made_ = 0;
  test::ScriptedServer server_{[this](Peer& peer) { serve(peer); }};
};

class DockerFailure : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "fairlead-docker-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    state_ = name;
    config_.state_directory = name;
    config_.instance = "failure";
    config_.agent_path = "/bin/true";  // any program will do: it never runs
    config_.docker.host = engine_.url();
    config_.docker.container["Image"] = "x";
    config_.docker.http = 2s;
    config_.docker.container_start = 2s;
    config_.docker.container_stop = 2s;
  }
  void TearDown() override {
    backend_.reset();
    fs::remove_all(state_);
  }

  Backend& backend() {
    if (!backend_) backend_ = make_docker_backend(config_, observe::Log(log_, observe::Level::debug));
    return *backend_;
  }
  Login login() {
    Login login;
    login.connection_id = "0123456789abcdef0123456789abcdef";
    login.user = "alice";
    login.config = std::make_shared<const config::Config>(config_);
    login.log = observe::Log(log_, observe::Level::debug);
    return login;
  }
  BackendError launch_failure() {
    try {
      (void)test::run_task(io_, backend().launch(login()));
    } catch (const BackendError& error) {
      return error;
    }
    throw std::logic_error("the launch did not fail");
  }
  std::size_t journal_entries() {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(state_ / "journal" / "failure"))
      count += entry.path().extension() == ".json";
    return count;
  }
  std::size_t box_directories() {
    const auto boxes = fs::directory_iterator(state_ / "docker" / "failure" / "boxes");
    return static_cast<std::size_t>(std::distance(begin(boxes), end(boxes)));
  }
  // Runs background work until `done`, at most ten seconds.
  bool eventually(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    io_.restart();
    while (!done() && std::chrono::steady_clock::now() < deadline) io_.run_one_for(50ms);
    return done();
  }
  void expect_nothing_left() {
    EXPECT_EQ(journal_entries(), 0U);
    EXPECT_EQ(box_directories(), 0U);
    EXPECT_TRUE(engine_.containers().empty());
  }

  FakeEngine engine_;
  boost::asio::io_context io_{1};
  fs::path state_;
  config::Config config_;
  std::shared_ptr<test::KeptLog> log_ = std::make_shared<test::KeptLog>();
  std::unique_ptr<Backend> backend_;
};

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

TEST_F(DockerFailure, AContainerThatWasMadeWithoutAnAnswerIsFoundByItsLabel) {
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

TEST_F(DockerFailure, RemovalIsTriedAgainWhenTheEngineDidNotAnswer) {
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
  EXPECT_EQ(lists, 2);
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

TEST_F(DockerFailure, MissingImageUnderNeverIsSaidAndNothingIsPulled) {
  config_.docker.image_pull_policy = "Never";
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, R"({"message":"No such image: x"})"); });
  EXPECT_THROW(test::run_task(io_, backend().prepare()), BackendError);
  EXPECT_EQ(launch_failure().user_text(),
            "The image of your box is not available. Please tell the administrator.");
  for (const auto& call : engine_.calls()) EXPECT_NE(call, "POST /images/create");
  expect_nothing_left();
}

TEST_F(DockerFailure, AFailedPullIsSaid) {
  engine_.on("GET /images/x/json", [](Peer& peer) { peer.answer(404, "{}"); });
  engine_.on("POST /images/create", [](Peer& peer) { peer.answer(200, R"({"error":"toomanyrequests"})"); });
  EXPECT_STREQ(launch_failure().what(), "cannot start a box: pull of x: toomanyrequests");
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

TEST_F(DockerFailure, ALoginCancelledInMidLaunchLeavesNothing) {
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

TEST_F(DockerFailure, LeftoversGoAndOthersStay) {
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
  engine_.add("ours", labels("failure", owner, "docker-1"));
  engine_.add("elsewhere", labels("failure", "another state directory", "docker-2"));
  engine_.add("instance", labels("other", owner, "docker-3"));
  engine_.add("half", {{"fairlead_instance", "failure"}});
  engine_.add("foreign", {{"maintainer", "somebody"}});
  engine_.on("POST /containers/create", nullptr);
  engine_.on("GET /containers/json", nullptr);

  test::run_task(io_, backend().prepare());
  EXPECT_EQ(engine_.containers(), (std::set<std::string>{"elsewhere", "instance", "half", "foreign"}));
  EXPECT_EQ(journal_entries(), 0U);
  EXPECT_TRUE(log_->has("DOCKER_FOREIGN_CONTAINERS"));
}

TEST_F(DockerFailure, OneBoxThatCannotBeRemovedDoesNotKeepTheOthers) {
  test::run_task(io_, backend().prepare());
  std::string owner;
  std::ifstream(state_ / "docker" / "failure" / "owner") >> owner;
  for (int i = 0; i < 20; ++i) {
    const auto number = std::to_string(i);
    engine_.add("box" + number,
                {{"fairlead_instance", "failure"}, {"fairlead_owner", owner}, {"fairlead_box", number}});
  }
  engine_.on("DELETE /containers/box7",
             [](Peer& peer) { peer.answer(500, R"({"message":"device is busy"})"); });
  test::run_task(io_, backend().shutdown());
  EXPECT_EQ(engine_.containers(), std::set<std::string>{"box7"});
}

}  // namespace
}  // namespace fairlead::backend
