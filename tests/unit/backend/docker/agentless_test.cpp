// SPDX-License-Identifier: Apache-2.0
// Which calls of the engine a login and its programs come to where no agent of ours runs (core.md 3.4, 3.11).
#include "unit/backend/docker/fake_engine.hpp"

#include <fairlead/ssh/requests.hpp>

#include <thread>

namespace fairlead::backend {
namespace {

using ssh::as_bytes;

std::string frame(char stream, std::string_view data) {
  std::string text{stream, 0, 0, 0, 0, 0, 0, static_cast<char>(data.size())};
  return text.append(data);
}

// Execs are e1, e2 …; the first one writes what a test says, the others end at once.
class Agentless : public OnFakeEngine {
 protected:
  void SetUp() override {
    OnFakeEngine::SetUp();
    config_.docker.idle_command = {"/idle", "now"};
    config_.docker.container["Cmd"] = json::array{"ignored"};
    engine_.on("POST /containers/made1/exec",
               [this](Peer& peer) { peer.answer(201, R"({"Id":"e)" + std::to_string(++execs_) + "\"}"); });
    for (const char* exec : {"e1", "e2", "e3"}) {
      const std::string path = std::string("/exec/") + exec;
      engine_.on("POST " + path + "/start", [this, first = exec == std::string("e1")](Peer& peer) {
        peer.write("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
        if (first) write_output(peer);
        peer.hang_up();
      });
      engine_.on("GET " + path + "/json", [first = exec == std::string("e1")](Peer& peer) {
        peer.answer(200, first ? R"({"Running":false,"ExitCode":42})" : R"({"Running":false,"ExitCode":0})");
      });
    }
  }

  void use_guest() {
    config_.docker.agent_link = "image";
    config_.docker.guest_agent = "/usr/bin/containerssh-agent";
  }
  std::unique_ptr<Box> launch() { return test::run_task(io_, backend().launch(login())); }
  void remove(Box& box) { test::run_task(io_, box.remove()); }

  std::string output_;
  std::size_t step_ = 1000;          // bytes of it at once
  std::atomic<bool> finish_ = true;  // until then the first exec runs

 private:
  void write_output(Peer& peer) {
    for (std::size_t at = 0; at < output_.size(); at += step_) {
      peer.write(output_.substr(at, step_));
      // The other side is to read it in these pieces; that it may not is no failure.
      if (step_ < output_.size()) std::this_thread::sleep_for(2ms);
    }
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!finish_ && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(1ms);
  }

  std::atomic<int> execs_ = 0;
};

TEST_F(Agentless, ALoginInspectsCreatesAndStartsAndItsEndRemoves) {
  config_.docker.disable_agent = true;
  const auto box = launch();
  using Calls = std::vector<std::string>;
  EXPECT_EQ(engine_.calls(),
            (Calls{"GET /images/x/json", "POST /containers/create", "POST /containers/made1/start"}));
  const auto body = engine_.body_of("POST /containers/create");
  EXPECT_EQ(body.at("Cmd"), json::array({"/idle", "now"})) << "and what is configured as the command is not";
  EXPECT_FALSE(body.as_object().contains("Entrypoint")) << "the image's stays";
  EXPECT_EQ(body.at("Labels").at("containerssh_connection_id"), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(body.at("Labels").at("containerssh_ip"), "192.0.2.1");
  EXPECT_EQ(body.at("Labels").at("containerssh_username"), "alice");
  remove(*box);
  EXPECT_EQ(engine_.calls().back(), "DELETE /containers/made1");
  expect_nothing_left();
}

struct Program {
  const char* name;
  bool guest;
  const char* request;
  std::vector<std::byte> body;
  bool terminal;
  json::array command;  // after the guest's words
};

class AgentlessPrograms : public Agentless, public testing::WithParamInterface<Program> {};

TEST_P(AgentlessPrograms, AreExecs) {
  config_.docker.disable_agent = !GetParam().guest;
  if (GetParam().guest) use_guest();
  config_.docker.programs.shell_command = {"/bin/bash", "-l"};
  output_ = GetParam().terminal ? std::string("\7\0\0\0", 4) : frame(1, std::string_view("\7\0\0\0", 4));
  const auto box = launch();
  auto ask = [&]() -> Task<> {
    auto opened = co_await box->peer().connection.open_channel("session");
    if (!opened) throw std::runtime_error("refused");
    const ssh::EnvRequest variable{"FOO", "bar"};
    const ssh::PtyRequest terminal{"xterm", {.columns = 80, .rows = 25}, {}};
    const bool set = co_await opened->channel.request("env", variable.encode());
    EXPECT_TRUE(set);
    if (GetParam().terminal) {
      const bool granted = co_await opened->channel.request("pty-req", terminal.encode());
      EXPECT_TRUE(granted);
    }
    const bool started = co_await opened->channel.request(GetParam().request, GetParam().body);
    EXPECT_TRUE(started);
  };
  test::run_task(io_, ask());
  const auto exec = engine_.body_of("POST /containers/made1/exec");
  auto command =
      GetParam().guest ? json::array{"/usr/bin/containerssh-agent", "console", "--pid", "--"} : json::array{};
  command.insert(command.end(), GetParam().command.begin(), GetParam().command.end());
  EXPECT_EQ(exec.at("Cmd"), command);
  EXPECT_EQ(exec.at("Tty"), GetParam().terminal);
  const auto environment = json::serialize(exec.at("Env"));
  EXPECT_NE(environment.find("\"FOO=bar\""), std::string::npos) << environment;
  EXPECT_EQ(environment.find("\"TERM=xterm\"") != std::string::npos, GetParam().terminal) << environment;
  const auto calls = engine_.calls();
  EXPECT_EQ(std::ranges::count(calls, "POST /exec/e1/resize"), GetParam().terminal ? 1 : 0);
  remove(*box);
}

INSTANTIATE_TEST_SUITE_P(Docker, AgentlessPrograms,
                         testing::Values(Program{"Guest",
                                                 true,
                                                 "exec",
                                                 ssh::ExecRequest{"exit 42"}.encode(),
                                                 false,
                                                 {"/bin/bash", "-c", "exit 42"}},
                                         Program{"Words",
                                                 true,
                                                 "exec",
                                                 ssh::ExecRequest{"/bin/ls -l \"a b\""}.encode(),
                                                 false,
                                                 {"/bin/ls", "-l", "a b"}},
                                         Program{"Plain",
                                                 false,
                                                 "exec",
                                                 ssh::ExecRequest{"echo \"$FOO\""}.encode(),
                                                 false,
                                                 {"/bin/bash", "-c", "echo \"$FOO\""}},
                                         Program{"Shell", false, "shell", {}, true, {"/bin/bash", "-l"}},
                                         Program{"GuestShell", true, "shell", {}, true, {"/bin/bash", "-l"}},
                                         Program{"Sftp",
                                                 true,
                                                 "subsystem",
                                                 ssh::SubsystemRequest{"sftp"}.encode(),
                                                 false,
                                                 {"/usr/lib/openssh/sftp-server"}}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_F(Agentless, UnknownSubsystemsAreRefusedWithoutACall) {
  config_.docker.disable_agent = true;
  const auto box = launch();
  const auto before = engine_.calls().size();
  auto ask = [&]() -> Task<> {
    auto opened = co_await box->peer().connection.open_channel("session");
    if (!opened) throw std::runtime_error("refused");
    const ssh::SubsystemRequest subsystem{"foo"};
    const bool started = co_await opened->channel.request("subsystem", subsystem.encode());
    EXPECT_FALSE(started);
  };
  test::run_task(io_, ask());
  EXPECT_EQ(engine_.calls().size(), before);
  remove(*box);
}

class GuestOutput : public Agentless, public testing::WithParamInterface<std::size_t> {};

// W3.11: ContainerSSH crashes when a header comes in two pieces.
TEST_P(GuestOutput, MayComeInAnyPieces) {
  use_guest();
  step_ = GetParam();
  // Standard error has a pipe of its own and may come first.
  output_ = frame(2, "early ") + frame(1, std::string_view("\x07\x01", 2)) +
            frame(1, std::string_view("\0\0out", 5)) + frame(2, "err") + frame(1, "more");
  const auto box = launch();
  const auto ran = test::run_task(io_, test::run_in(box->peer().connection, "run"));
  EXPECT_EQ(ran.out, "outmore");
  EXPECT_EQ(ran.err, "early err");
  EXPECT_EQ(ran.status, 42U);
  remove(*box);
}

INSTANTIATE_TEST_SUITE_P(Docker, GuestOutput, testing::Values(1U, 3U, 8U, 9U, 100U));

TEST_F(Agentless, SignalsGoToTheProcessThatTheGuestNamed) {
  use_guest();
  finish_ = false;
  output_ = frame(1, std::string_view("\x0a\x0a\0\0", 4));
  const auto box = launch();
  auto ask = [&]() -> Task<> {
    auto opened = co_await box->peer().connection.open_channel("session");
    if (!opened) throw std::runtime_error("refused");
    const ssh::ExecRequest exec{"run"};
    const ssh::SignalRequest signal{"USR1"};
    const bool started = co_await opened->channel.request("exec", exec.encode());
    EXPECT_TRUE(started);
    const bool sent = co_await opened->channel.request("signal", signal.encode());
    EXPECT_TRUE(sent);
    finish_ = true;
  };
  test::run_task(io_, ask());
  EXPECT_EQ(engine_.body_of("POST /containers/made1/exec").at("Cmd"),
            json::array({"/usr/bin/containerssh-agent", "signal", "--pid", "2570", "--signal", "USR1"}));
  remove(*box);
}

// W3.9, W3.25: what the engine says instead of a program's output is no output.
TEST_F(Agentless, WhatComesInsteadOfAProcessIdIsToldAsAnError) {
  use_guest();
  output_ = frame(1, "OCI runtime exec failed: no such file\r\n");
  const auto box = launch();
  const auto ran = test::run_task(io_, test::run_in(box->peer().connection, "run"));
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "OCI runtime exec failed: no such file\r\n");
  EXPECT_EQ(ran.status, 42U);
  EXPECT_TRUE(log_->has("DOCKER_EXEC_PID_READ_FAILED"));
  remove(*box);
}

}  // namespace
}  // namespace fairlead::backend
