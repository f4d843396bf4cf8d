// SPDX-License-Identifier: Apache-2.0
// The daemon dies at every step of a launch and of a removal: the next start leaves nothing of the box.
#include "support/run_task.hpp"
#include "unit/backend/oci/box_fixture.hpp"

#include <gmock/gmock.h>

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

namespace fairlead::test {
namespace {

class CrashTest : public BoxTest {
 protected:
  // A daemon of its own in a child process that is killed at `step`, or `delay` after the step "runtime".
  void die_at(const std::string& step, std::optional<std::chrono::milliseconds> delay = {}) {
    const pid_t pid = ::fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      launch_and_die(step, delay);
      ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the daemon did not reach step " << step;
  }

  void launch_and_die(const std::string& step, std::optional<std::chrono::milliseconds> delay) {
    try {
      backend::oci::OciBackend daemon(config_, observe::Log());
      daemon.on_step = [&](std::string_view now) {
        if (now != step) return;
        if (!delay) ::raise(SIGKILL);
        std::thread([wait = *delay] {
          std::this_thread::sleep_for(wait);
          ::raise(SIGKILL);
        }).detach();
      };
      run_task(io_, daemon.prepare());
      const auto box = run_task(io_, daemon.launch(login(config_)));
      if (step.starts_with("remove")) run_task(io_, box->remove());
      std::this_thread::sleep_for(std::chrono::seconds(1));
      ::raise(SIGKILL);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
  }

  // The next start.
  void expect_clean(const std::string& when) {
    backend_ = std::make_unique<backend::oci::OciBackend>(config_, observe::Log(log_, observe::Level::debug));
    run_task(io_, backend_->prepare());
    EXPECT_EQ(traces(), "") << when;
    {
      const auto box = launch();
      EXPECT_EQ(run(*box, "echo hi").out, "hi\n") << when;
      remove(*box);
    }
    run_task(io_, backend_->shutdown());
    backend_.reset();
  }
};

TEST_F(CrashTest, AtEveryStep) {
  prepare();
  if (!backend_) return;
  backend_.reset();
  for (const char* step :
       {"journal", "directory", "root", "configuration", "runtime", "network", "started"}) {
    die_at(step);
    expect_clean(std::string("killed at ") + step);
  }
}

TEST_F(CrashTest, AtEveryStepOfTheRemoval) {
  prepare();
  if (!backend_) return;
  backend_.reset();
  for (const char* step : {"remove", "remove groups", "remove files", "remove entry", "removed"}) {
    die_at(step);
    expect_clean(std::string("killed at ") + step);
  }
}

// What a power cut may leave: the entry of the journal is not synced for boxes.
TEST_F(CrashTest, ADirectoryWithoutAnEntryIsRemoved) {
  prepare();
  if (!backend_) return;
  backend_.reset();
  std::filesystem::create_directories(state_ / "boxes" / config_.instance / "fairlead-0123/layer/upper");
  expect_clean("a directory without an entry");
}

TEST_F(CrashTest, WhileTheRuntimeIsAtWork) {
  prepare();
  if (!backend_) return;
  backend_.reset();
  for (const int delay : {1, 4, 8, 12, 16, 20, 25, 30, 40}) {
    die_at("runtime", std::chrono::milliseconds(delay));
    expect_clean("killed " + std::to_string(delay) + " ms after the runtime was started");
  }
}

TEST_F(CrashTest, AnAgentWithoutItsDaemonEnds) {
  prepare();
  if (!backend_) return;
  backend_.reset();
  die_at("never");  // dies with a running box
  const auto processes = [this] { return traces().contains("process"); };
  for (int i = 0; i < 200 && processes(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_FALSE(processes()) << traces();
  expect_clean("killed with a running box");
}

}  // namespace
}  // namespace fairlead::test
