// SPDX-License-Identifier: Apache-2.0
// The Docker backend with a real engine, real images and the real agent, over both kinds of link.
#include "backend/docker/engine.hpp"
#include "docker_stage.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace fairlead::backend {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using docker::Engine;
using test::Ran;

constexpr const char* busybox = "fairlead-test/busybox";
constexpr const char* scratch = "fairlead-test/scratch";

std::string agent_path() {
  const char* other = std::getenv("FAIRLEAD_TEST_AGENT");
  return other != nullptr ? other : FAIRLEAD_AGENT;
}

class DockerBoxes : public testing::TestWithParam<const char*>, protected DockerStage {
 protected:
  template <class T>
  auto run_task(Task<T> task) {
    return test::run_task(io_, std::move(task));
  }

  void SetUp() override {
    if (::access(agent_path().c_str(), X_OK) != 0)
      GTEST_SKIP() << "SKIPPED: no static agent (with sanitizers: name one in FAIRLEAD_TEST_AGENT)";
    try {
      for (const char* image : {busybox, scratch})
        if (!run_task(engine_.inspect_image(image, docker::in(5s))))
          GTEST_SKIP() << "SKIPPED: the engine has no " << image << " (scripts/make-test-images)";
    } catch (const http::HttpError& error) {
      GTEST_SKIP() << "SKIPPED: no container engine (scripts/dockerd-for-tests): " << error.what();
    }
    make_state("test" + std::to_string(::getpid()));
    config_.agent_path = agent_path();
    config_.backend = "docker";
    config_.docker.agent_link = GetParam();
    config_.docker.container["Image"] = busybox;
    config_.docker.image_pull_policy = "Never";
  }

  void TearDown() override {
    if (!backend_) return;
    run_task(backend_->shutdown());
    EXPECT_EQ(ours().size(), 0U);
    backend_.reset();  // before the loop it runs on
  }

  std::unique_ptr<Box> launch() { return run_task(backend().launch(login())); }
  Ran run(Box& box, const std::string& command) {
    return run_task(test::run_in(box.peer().connection, command));
  }
  std::vector<docker::ListedContainer> ours() {
    return run_task(engine_.list({"fairlead_instance=" + config_.instance}, docker::in(5s)));
  }
  // Waits on the link, not on the clock.
  void wait_for_link_end(Box& box) { (void)run_task(box.peer().connection.closed()); }

  boost::asio::io_context io_{1};
  Engine engine_{http::Client(http::Endpoint::parse("unix:///var/run/docker.sock"))};
};

INSTANTIATE_TEST_SUITE_P(Links, DockerBoxes, testing::Values("socket", "attach"),
                         [](const auto& info) { return std::string(info.param); });

TEST_P(DockerBoxes, LoginRunsProgramsInABoxThatGoesWithIt) {
  run_task(backend().prepare());
  const auto box = launch();
  const auto ran = run(*box, "echo out; echo err >&2; exit 42");
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(ran.err, "err\n");
  EXPECT_EQ(ran.status, 42U);
  EXPECT_EQ(run(*box, "readlink /proc/1/exe").out, "/.fairlead/agent\n");
  EXPECT_EQ(run(*box, "echo $SSH_CLIENT").out, "192.0.2.1 50000 22\n");
  ASSERT_EQ(ours().size(), 1U);
  EXPECT_EQ(journal_entries(), 1U);

  const auto labels = ours()[0].labels;
  EXPECT_EQ(labels.at("containerssh_connection_id"), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(labels.at("containerssh_ip"), "192.0.2.1");
  EXPECT_EQ(labels.at("containerssh_username"), "alice");
  EXPECT_TRUE(labels.contains("fairlead_box"));

  run_task(box->remove());
  run_task(box->remove());
  EXPECT_EQ(ours().size(), 0U);
  EXPECT_EQ(journal_entries(), 0U);
  EXPECT_TRUE(fs::is_empty(state_ / "docker" / config_.instance / "boxes"));
}

TEST_P(DockerBoxes, ManyBytesBothWays) {
  const auto box = launch();
  EXPECT_EQ(run(*box, "head -c 3000000 /dev/zero").out.size(), 3'000'000U);
  auto echo = [](ssh::Connection connection) -> Task<std::size_t> {
    auto opened = co_await connection.open_channel("session");
    auto channel = opened->channel;
    const ssh::ExecRequest request{"cat"};
    const auto payload = request.encode();
    EXPECT_TRUE(co_await channel.request("exec", payload));
    ssh::TaskScope writer(co_await ssh::asio::this_coro::executor);
    auto write = [](ssh::Channel to) -> Task<> {
      const std::vector<std::byte> block(100'000, std::byte{'x'});
      for (int i = 0; i < 30; ++i) co_await to.write(block);
      to.close_write();
    };
    writer.spawn(write(channel));
    std::vector<std::byte> buffer(65536);
    std::size_t total = 0;
    while (const auto size = co_await channel.read_some(buffer)) total += size;
    co_return total;
  };
  EXPECT_EQ(run_task(echo(box->peer().connection)), 3'000'000U);
  run_task(box->remove());
}

TEST_P(DockerBoxes, ScratchReadOnlyRootAndAnyUser) {
  config_.docker.container["Image"] = scratch;
  config_.docker.container["User"] = "12345:54321";
  config_.docker.host_config["ReadonlyRootfs"] = true;
  const auto box = launch();
  // Nothing to run in there but the agent itself.
  config_.docker.container["Image"] = busybox;
  const auto other = launch();
  EXPECT_EQ(run(*other, "id -u; id -g; touch /x 2>/dev/null || echo read-only").out,
            "12345\n54321\nread-only\n");
  EXPECT_TRUE(box->peer().connection.is_open());
  run_task(box->remove());
  run_task(other->remove());
}

TEST_P(DockerBoxes, ABoxHasNoNewPrivilegesAndFewCapabilities) {
  const auto box = launch();
  EXPECT_EQ(run(*box, "grep NoNewPrivs /proc/self/status").out, "NoNewPrivs:\t1\n");
  // CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, NET_BIND_SERVICE, SYS_CHROOT.
  EXPECT_EQ(run(*box, "grep CapBnd /proc/self/status").out, "CapBnd:\t00000000000404fb\n");
  EXPECT_NE(run(*box, "mount -t tmpfs none /tmp").status, 0U);
  EXPECT_NE(
      run(*box, "rm -f /.fairlead/agent && echo x > /.fairlead/agent; test ! -s /.fairlead/agent").status, 0U)
      << "where the agent is mounted from, nobody may write";
  run_task(box->remove());
}

TEST_P(DockerBoxes, MetadataIsThereBeforeTheFirstProgram) {
  config_.docker.programs.expose_metadata_as_env = true;
  config_.docker.metadata_labels = {{"team", "example.com/team"}, {"absent", "example.com/absent"}};
  auto asked = login();
  const std::string large(3'000'000, 'x');
  asked.metadata = {.metadata = {{"team", {"blue", false}}, {"A=B", {"x", false}}},
                    .environment = {{"TOKEN", {"very secret", true}}},
                    .files = {{"/home/alice/token", {"hidden", true}}, {"/large", {large, false}}}};
  const auto box = run_task(backend().launch(std::move(asked)));
  EXPECT_EQ(run(*box, "echo $team $TOKEN; cat /home/alice/token; wc -c < /large").out,
            "blue very secret\nhidden3000000\n");
  EXPECT_EQ(run(*box, "stat -c '%a %u' /home/alice/token").out, "600 0\n");
  const auto labels = ours().at(0).labels;
  EXPECT_EQ(labels.at("example.com/team"), "blue");
  EXPECT_FALSE(labels.contains("example.com/absent"));
  EXPECT_TRUE(log_->has("DOCKER_FILE_WRITE A file was written into the box path=/home/alice/token"));
  EXPECT_TRUE(log_->has("BACKEND_VARIABLE_SKIPPED"));
  for (const char* secret : {"very secret", "hidden"}) {
    EXPECT_FALSE(log_->has(secret)) << secret;
  }
  run_task(box->remove());
}

TEST_P(DockerBoxes, AFileThatCannotBeWrittenIsAWarning) {
  config_.docker.host_config["ReadonlyRootfs"] = true;
  auto asked = login();
  asked.metadata.files = {{"/token", {"x", false}}};
  const auto box = run_task(backend().launch(std::move(asked)));
  EXPECT_EQ(run(*box, "test -e /token || echo none").out, "none\n");
  EXPECT_TRUE(
      log_->has("DOCKER_FILE_WRITE_FAILED A file could not be written into the box path=/token "
                "reason=Read-only file system"));
  run_task(box->remove());
}

TEST_P(DockerBoxes, DroppedBoxIsRemovedInTheBackground) {
  auto box = launch();
  EXPECT_EQ(ours().size(), 1U);
  box.reset();
  EXPECT_TRUE(test::run_until(io_, [&] { return journal_entries() == 0; }));
  EXPECT_EQ(ours().size(), 0U);
}

TEST_P(DockerBoxes, EndsHaveReasons) {
  config_.docker.limits.memory = std::uint64_t{32} << 20;
  const auto killed = launch();
  run_task(engine_.kill(ours()[0].id, "KILL", docker::in(5s)));
  wait_for_link_end(*killed);
  EXPECT_EQ(run_task(killed->end_reason()), "The box was killed.");
  run_task(killed->remove());

  const auto removed = launch();
  run_task(engine_.remove(ours()[0].id, docker::in(5s)));
  wait_for_link_end(*removed);
  EXPECT_EQ(run_task(removed->end_reason()), "The box was removed.");
  run_task(removed->remove());
}

// A daemon of its own that starts a box and is killed. Only the parent reports to the test.
TEST_P(DockerBoxes, WhatACrashLeftIsRemovedAtTheNextStart) {
  const json::object labels{{"fairlead_instance", config_.instance}, {"fairlead_owner", "somebody else"}};
  docker::NewContainer other{"", "", {{"Image", busybox}, {"Labels", labels}}};
  const auto foreign = run_task(engine_.create(other, docker::in(5s)));
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const auto child = ::fork();
  if (child == 0) {
    boost::asio::io_context io{1};
    const auto crashing = make_docker_backend(config_, {});
    const auto box = test::run_task(io, crashing->launch(login()));
    (void)!::write(ready[1], "!", 1);
    ::pause();
    ::_exit(1);
  }
  ::close(ready[1]);
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);

  EXPECT_EQ(ours().size(), 2U);
  EXPECT_EQ(journal_entries(), 1U);
  run_task(backend().prepare());
  const auto left = ours();
  ASSERT_EQ(left.size(), 1U) << "the other one is not ours";
  EXPECT_EQ(left[0].id, foreign);
  // For all the next start knows, the crash came between the question and the answer: it looks once more.
  EXPECT_TRUE(test::run_until(io_, [&] { return journal_entries() == 0; }));
  EXPECT_TRUE(fs::is_empty(state_ / "docker" / config_.instance / "boxes"));
  run_task(engine_.remove(foreign, docker::in(5s)));
}

TEST_P(DockerBoxes, LimitsHold) {
  config_.docker.limits = {std::uint64_t{64} << 20, 0.5, 32, std::nullopt};
  const auto box = launch();
  const auto forks =
      run(*box,
          "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 "
          "32 33 34 35 36 37 38 39 40; do sleep 5 & done; echo done");
  EXPECT_NE(forks.err.find("fork"), std::string::npos) << forks.err;
  EXPECT_TRUE(box->peer().connection.is_open()) << "the box lives on";
  run_task(box->remove());
}

TEST_P(DockerBoxes, AMissingImageIsSaid) {
  config_.docker.container["Image"] = "fairlead-test/none-such";
  try {
    (void)launch();
    FAIL();
  } catch (const BackendError& error) {
    EXPECT_EQ(error.user_text(), "The image of your box is not available. Please tell the administrator.");
  }
  EXPECT_EQ(ours().size(), 0U);
  EXPECT_EQ(journal_entries(), 0U);
}

TEST_P(DockerBoxes, ManyAtOnce) {
  constexpr int count = 10;
  int done = 0;
  std::vector<std::unique_ptr<Box>> boxes;
  auto one = [&](Login login) -> Task<> {
    auto box = co_await backend().launch(std::move(login));
    auto ran = co_await test::run_in(box->peer().connection, "echo hi");
    EXPECT_EQ(ran.out, "hi\n");
    co_await box->remove();
    ++done;
  };
  auto all = [&]() -> Task<> {
    ssh::TaskScope scope(co_await ssh::asio::this_coro::executor);
    for (int i = 0; i < count; ++i) scope.spawn(one(login()));
    co_await scope.join();
  };
  run_task(all());
  EXPECT_EQ(done, count);
  EXPECT_EQ(ours().size(), 0U);
}

}  // namespace
}  // namespace fairlead::backend
