// SPDX-License-Identifier: Apache-2.0
// What the engine is asked for programs without our agent: in which order, how often, and what waits for what
// (core.md 3.12).
#include "unit/backend/docker/fake_engine.hpp"

#include <fairlead/ssh/requests.hpp>

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

namespace fairlead::backend {
namespace {

constexpr const char* upgrade = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

// Execs are e1, e2 …, and end with status 0 as soon as a test does not say otherwise.
class SessionCalls : public OnFakeEngine {
 protected:
  void SetUp() override {
    OnFakeEngine::SetUp();
    config_.docker.disable_agent = true;
    config_.docker.idle_command = {"/idle"};
    engine_.on("POST /containers/made1/exec",
               [this](Peer& peer) { peer.answer(201, R"({"Id":"e)" + std::to_string(++execs_) + "\"}"); });
    for (const char* exec : {"e1", "e2", "e3"}) {
      engine_.on(start_of(exec), [](Peer& peer) {
        peer.write(upgrade);
        peer.hang_up();
      });
      engine_.on("GET /exec/" + std::string(exec) + "/json",
                 [](Peer& peer) { peer.answer(200, R"({"Running":false,"ExitCode":0})"); });
    }
  }

  static std::string start_of(const std::string& exec) { return "POST /exec/" + exec + "/start"; }
  static void wait_for(const std::atomic<bool>& flag) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!flag && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  }
  std::size_t count(const std::string& call) {
    const auto calls = engine_.calls();
    return static_cast<std::size_t>(std::ranges::count(calls, call));
  }
  Task<> until_called(std::string call) {
    ssh::asio::steady_timer timer(co_await ssh::asio::this_coro::executor);
    for (int tries = 0; tries < 10'000 && count(call) == 0; ++tries) {
      timer.expires_after(1ms);
      co_await timer.async_wait(ssh::asio::use_awaitable);
    }
  }
  std::unique_ptr<Box> launch(Login login) { return test::run_task(io_, backend().launch(std::move(login))); }
  std::unique_ptr<Box> launch() { return launch(login()); }
  void remove(Box& box) { test::run_task(io_, box.remove()); }

 private:
  std::atomic<int> execs_ = 0;
};

Task<ssh::Channel> open_session(ssh::Connection connection) {
  auto opened = co_await connection.open_channel("session");
  if (!opened) throw std::runtime_error("refused");
  co_return opened->channel;
}

Task<> start(ssh::Connection connection, std::string command, std::atomic<bool>& started) {
  auto channel = co_await open_session(std::move(connection));
  const ssh::ExecRequest exec{std::move(command)};
  const auto payload = exec.encode();
  const bool done = co_await channel.request("exec", payload);
  started = done;
}

class SlowStart : public SessionCalls {
 protected:
  void SetUp() override {
    SessionCalls::SetUp();
    config_.docker.command_start = 20s;
    engine_.on(start_of("e1"), [this](Peer& peer) {
      wait_for(go_);
      peer.write(upgrade);
      peer.hang_up();
    });
    engine_.on(start_of("e2"), [this](Peer& peer) {
      peer.write(upgrade);
      wait_for(go_);
      peer.hang_up();
    });
  }

  // Whether each request of a session with a terminal is served.
  static Task<bool> all_of_a_session(ssh::Connection connection) {
    auto channel = co_await open_session(std::move(connection));
    const auto terminal = ssh::PtyRequest{"xterm", {.columns = 80, .rows = 25}, {}}.encode();
    const auto exec = ssh::ExecRequest{"quick"}.encode();
    const auto size = ssh::WindowChangeRequest{{.columns = 120, .rows = 40}}.encode();
    const auto signal = ssh::SignalRequest{"USR1"}.encode();
    const bool granted = co_await channel.request("pty-req", terminal);
    const bool started = co_await channel.request("exec", exec);
    const bool resized = co_await channel.request("window-change", size);
    const bool sent = co_await channel.request("signal", signal);
    co_return granted&& started&& resized&& sent;
  }

  Task<> one_beside_the_other(ssh::Connection connection) {
    std::atomic<bool> slow = false;
    ssh::TaskScope scope(co_await ssh::asio::this_coro::executor);
    scope.spawn(start(connection, "slow", slow));
    co_await until_called(start_of("e1"));
    served_ = co_await all_of_a_session(connection);
    started_too_early_ = slow;
    go_ = true;
    co_await scope.join();
    started_ = slow;
  }

  std::atomic<bool> go_ = false;
  bool served_ = false, started_too_early_ = true, started_ = false;
};

// W3.19: with ContainerSSH a start that takes its time holds up starts, signals and sizes of all other
// sessions.
TEST_F(SlowStart, HoldsNoOtherSessionUp) {
  const auto box = launch();
  test::run_task(io_, one_beside_the_other(box->peer().connection));
  EXPECT_TRUE(served_);
  EXPECT_FALSE(started_too_early_);
  EXPECT_TRUE(started_);
  EXPECT_EQ(count("POST /exec/e2/resize"), 2U);
  remove(*box);
}

// W3.22: Engines from API 1.42 on give the terminal its size before the program starts.
TEST_F(SessionCalls, TheFirstSizeIsPartOfTheExec) {
  const auto box = launch();
  auto ask = [&]() -> Task<> {
    auto channel = co_await open_session(box->peer().connection);
    const auto terminal = ssh::PtyRequest{"xterm", {.columns = 80, .rows = 25}, {}}.encode();
    const bool granted = co_await channel.request("pty-req", terminal);
    EXPECT_TRUE(granted);
    const std::vector<std::byte> nothing;
    const bool started = co_await channel.request("shell", nothing);
    EXPECT_TRUE(started);
  };
  test::run_task(io_, ask());
  EXPECT_EQ(engine_.body_of("POST /containers/made1/exec").at("ConsoleSize"), json::array({25, 80}));
  remove(*box);
}

// W3.3: ContainerSSH asks once a second.
TEST_F(SessionCalls, AnExitCodeIsHeardOfWhenItIsThereAndNotAskedForAgainAndAgain) {
  engine_.on("GET /exec/e1/json",
             [](Peer& peer) { peer.answer(200, R"({"Running":true,"ExitCode":null})"); });
  engine_.on("GET /events", [](Peer& peer) {
    const std::string lines =
        "{\"Actor\":{\"Attributes\":{\"execID\":\"e9\",\"exitCode\":\"1\"}}}\n"
        "{\"Actor\":{\"Attributes\":{\"execID\":\"e1\",\"exitCode\":\"42\"}}}\n";
    peer.write("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(lines.size()) + "\r\n\r\n");
    std::this_thread::sleep_for(20ms);  // the program goes on for a moment after its output has ended
    peer.write(lines);
  });
  const auto box = launch();
  const auto ran = test::run_task(io_, test::run_in(box->peer().connection, "run"));
  EXPECT_EQ(ran.status, 42U);
  EXPECT_EQ(count("GET /exec/e1/json"), 2U) << "before the events, and once more when they are listened to";
  remove(*box);
}

// W3.20: ContainerSSH negotiates for each login.
TEST_F(SessionCalls, AllLoginsTogetherAskForTheVersionOnce) {
  std::atomic<int> pings = 0;
  engine_.on("GET /_ping", [&](Peer& peer) {
    ++pings;
    peer.write("HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n");
  });
  for (int i = 0; i < 3; ++i) {
    const auto box = launch();
    remove(*box);
  }
  EXPECT_EQ(pings, 1);
}

// W3.21: with ContainerSSH three calls for each file, and only where its agent runs.
TEST_F(SessionCalls, FilesAreOneUploadBeforeTheFirstProcess) {
  auto wish = login();
  for (const char* path : {"/a", "/b/c", "/home/alice/.netrc"}) wish.metadata.files[path].value = "x";
  const auto box = launch(std::move(wish));
  const std::string upload = "PUT /containers/made1/archive";
  EXPECT_EQ(count(upload), 1U);
  EXPECT_EQ(count("POST /containers/made1/exec"), 0U);
  const auto calls = engine_.calls();
  EXPECT_LT(std::ranges::find(calls, upload), std::ranges::find(calls, "POST /containers/made1/start"));
  remove(*box);
}

Task<> run_with(ssh::Connection connection, std::map<std::string, std::string> variables) {
  auto channel = co_await open_session(std::move(connection));
  for (const auto& [name, value] : variables) {
    const auto variable = ssh::EnvRequest{name, value}.encode();
    (void)co_await channel.request("env", variable);
  }
  const auto exec = ssh::ExecRequest{"run"}.encode();
  (void)co_await channel.request("exec", exec);
}

// W3.26: with ContainerSSH in any order, and what is said twice is there twice.
TEST_F(SessionCalls, VariablesAreSortedAndEachIsThereOnce) {
  auto wish = login();
  wish.metadata.environment["B_TEAM"].value = "blue";
  wish.metadata.environment["Z_LAST"].value = "z";
  const auto box = launch(std::move(wish));
  test::run_task(io_, run_with(box->peer().connection, {{"X_OWN", "1"}, {"B_TEAM", "red"}, {"A_OWN", "2"}}));
  std::map<std::string, std::string> values;
  std::vector<std::string> names;
  const auto body = engine_.body_of("POST /containers/made1/exec");
  for (const auto& text : body.at("Env").as_array()) {
    const std::string variable(text.as_string());
    names.push_back(variable.substr(0, variable.find('=')));
    values[names.back()] = variable.substr(names.back().size() + 1);
  }
  EXPECT_EQ(values["B_TEAM"], "blue");
  // The last one is what the program's signals find it by.
  const std::vector<std::string> expected{"A_OWN", "B_TEAM", "SSH_CLIENT",      "SSH_CONNECTION",
                                          "X_OWN", "Z_LAST", "FAIRLEAD_SESSION"};
  EXPECT_EQ(names, expected);
  remove(*box);
}

class SessionContainer : public SessionCalls {
 protected:
  void SetUp() override {
    SessionCalls::SetUp();
    config_.docker.mode = "session";
    engine_.on("POST /containers/made1/attach", [](Peer& peer) {
      peer.write(upgrade);
      peer.write(std::string("\1\0\0\0\0\0\0\2hi", 10));
      peer.hang_up();
    });
    engine_.on("POST /containers/made1/wait", [](Peer& peer) { peer.answer(200, R"({"StatusCode":7})"); });
  }
};

// core.md 3.11; W3.28: ContainerSSH stops what has ended already, W3.6: and leaves it there.
TEST_F(SessionContainer, GoesWithItsProgram) {
  const auto box = launch();
  const auto ran = test::run_task(io_, test::run_in(box->peer().connection, "/bin/ls -l"));
  EXPECT_EQ(ran.out, "hi");
  EXPECT_EQ(ran.status, 7U);
  EXPECT_TRUE(eventually([this] { return engine_.containers().empty(); }));
  using Calls = std::vector<std::string>;
  EXPECT_EQ(engine_.calls(), (Calls{"GET /images/x/json", "POST /containers/create",
                                    "POST /containers/made1/attach", "POST /containers/made1/start",
                                    "POST /containers/made1/wait", "DELETE /containers/made1"}));
  remove(*box);
}

TEST_F(SessionContainer, IsTheProgramAndNothingElse) {
  const auto box = launch();
  EXPECT_EQ(count("POST /containers/create"), 0U) << "nothing is made at the login";
  (void)test::run_task(io_, test::run_in(box->peer().connection, "/bin/ls -l"));
  const auto body = engine_.body_of("POST /containers/create");
  EXPECT_EQ(body.at("Cmd"), json::array({"/bin/ls", "-l"}));
  EXPECT_EQ(body.at("OpenStdin"), true);
  EXPECT_EQ(body.at("Labels").at("containerssh_username"), "alice");
  remove(*box);
}

}  // namespace
}  // namespace fairlead::backend
