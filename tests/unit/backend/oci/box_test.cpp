// SPDX-License-Identifier: Apache-2.0
// Boxes of the OCI backend: what a program in one can and cannot do, and that nothing is left of it.
#include "backend/oci/process.hpp"
#include "support/run_task.hpp"
#include "unit/backend/oci/box_fixture.hpp"
#include "unit/backend/oci/scratch.hpp"

#include <gmock/gmock.h>

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using backend::BackendError;
using backend::Box;
using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// The host's number of a box's process 1.
pid_t init_of(const fs::path& state, const config::Config& config, const Box& box) {
  pid_t pid = 0;
  std::ifstream(state / "boxes" / config.instance / box.id() / "pid") >> pid;
  return pid;
}

TEST_F(BoxTest, RunsAProgramAndIsRemoved) {
  prepare();
  if (!backend_) return;
  const auto box = launch();
  const Ran ran = run(*box, "echo hi; exit 7");
  EXPECT_EQ(ran.out, "hi\n");
  EXPECT_EQ(ran.status, 7U);
  EXPECT_NE(traces(), "");  // the test of the test: a running box does leave traces
  remove(*box);
  EXPECT_EQ(traces(), "");
  remove(*box);  // idempotent
}

TEST_F(BoxTest, IsShutOffFromTheHost) {
  prepare();
  if (!backend_) return;
  const auto box = launch();
  EXPECT_THAT(run(*box, "cat /proc/self/uid_map").out, Not(testing::ContainsRegex("^ *0 +0 +4294967295")));
  const std::string status = run(*box, "cat /proc/self/status").out;
  EXPECT_THAT(status, HasSubstr("NoNewPrivs:\t1"));
  EXPECT_THAT(status, HasSubstr("Seccomp:\t2"));
  EXPECT_THAT(status, HasSubstr("CapBnd:\t00000000000405fb"));
  EXPECT_EQ(run(*box, "hostname").out, "box\n");
  EXPECT_THAT(run(*box, "ps").out, Not(HasSubstr("oci_box_test")));
  EXPECT_EQ(run(*box, "ls /sys/class/net").out, "lo\n");
  EXPECT_THAT(run(*box, "ls /").out, Not(HasSubstr("work")));
  for (const char* refused : {"mount -t tmpfs none /tmp", "umount /proc", "unshare -m true",
                              "echo 1 > /proc/sys/kernel/core_pattern", "echo b > /proc/sysrq-trigger",
                              "hostname other", "mknod /tmp/mem c 1 1", "cat /proc/kcore | head -c1 | grep .",
                              "echo x > /.fairlead/agent", "dmesg", "ip link add dummy0 type dummy"})
    EXPECT_NE(run(*box, refused).status, 0U) << refused;
  remove(*box);
}

TEST_F(BoxTest, RootIsRootOfItsBox) {
  prepare();
  if (!backend_) return;
  const auto box = launch();
  for (const char* allowed :
       {"test \"$(id -u)\" = 0", "touch /etc/new /bin/new && rm /bin/vi", "mkdir /srv && chmod 700 /srv",
        "test -w /dev/null && test -c /dev/ptmx", "echo x > /dev/shm/x", "ping -c1 127.0.0.1 || true",
        "ls -l /proc/1/fd >/dev/null", "ln /etc/passwd /etc/passwd2", "mkfifo /tmp/fifo",
        "chroot / /bin/busybox true"})
    EXPECT_EQ(run(*box, allowed).status, 0U) << allowed;
  if (backend_->host()->ids->map(true).count > 1) {
    EXPECT_EQ(run(*box, "chown user /srv && su user -c 'touch /srv/mine' && stat -c %U /srv/mine").out,
              "user\n");
    EXPECT_EQ(run(*box, "stat -c %u:%g /home/user").out, "1000:1000\n");
  }
  remove(*box);
}

TEST_F(BoxTest, RunsAsTheConfiguredUserWithTheConfiguredEnvironment) {
  config_.oci.programs.user = "user";
  config_.oci.programs.environment["COLOUR"] = "blue";
  prepare();
  if (!backend_) return;
  if (backend_->host()->ids->map(true).count == 1) GTEST_SKIP() << "SKIPPED: one id only";
  const auto box = launch();
  EXPECT_EQ(run(*box, "id -un; pwd; echo $COLOUR; echo $SSH_CLIENT").out,
            "user\n/home/user\nblue\n192.0.2.1 50000 22\n");
  remove(*box);
}

TEST_F(BoxTest, BoxesDoNotSeeEachOther) {
  prepare();
  if (!backend_) return;
  const auto one = launch(), two = launch();
  EXPECT_EQ(run(*one, "echo secret > /tmp/file; mkdir /var/x; rm /etc/profile").status, 0U);
  EXPECT_EQ(run(*two, "ls /tmp; ls -d /var/x 2>/dev/null; ls /etc/profile").out, "/etc/profile\n");
  remove(*one);
  EXPECT_EQ(run(*two, "echo still here").out, "still here\n");
  remove(*two);
  const auto three = launch();  // the image is as it was
  EXPECT_EQ(run(*three, "ls /tmp; ls /etc/profile").out, "/etc/profile\n");
  remove(*three);
}

TEST_F(BoxTest, AReadOnlyRootIsReadOnly) {
  config_.oci.read_only_root = true;
  prepare();
  if (!backend_) return;
  const auto box = launch();
  EXPECT_NE(run(*box, "touch /file").status, 0U);
  EXPECT_EQ(run(*box, "touch /dev/shm/file && echo hi").out, "hi\n");
  remove(*box);
}

TEST_F(BoxTest, ConfiguredMountsAreThere) {
  write_text(state_ / "shared/file", "from the host");
  ::chmod((state_ / "shared").c_str(), 0755);
  config_.oci.mounts = {(state_ / "shared").string() + ":/mnt/shared:ro"};
  prepare();
  if (!backend_) return;
  const auto box = launch();
  EXPECT_EQ(run(*box, "cat /mnt/shared/file").out, "from the host");
  EXPECT_NE(run(*box, "touch /mnt/shared/new").status, 0U);
  remove(*box);
}

TEST_F(BoxTest, AnImageWithNothingInItServes) {
  fs::create_directories(state_ / "nothing/data");
  config_.oci.image = state_ / "nothing";
  prepare();
  if (!backend_) return;
  const auto box = launch();
  EXPECT_TRUE(box->peer().connection.is_open());
  remove(*box);
}

TEST_F(BoxTest, AMissingImageIsSaidToBothAndLeavesNothing) {
  prepare();
  if (!backend_) return;
  config::Config other = config_;
  other.oci.image = "/nonexistent/image.tar";
  try {
    (void)launch(other);
    FAIL() << "launched";
  } catch (const BackendError& error) {
    EXPECT_THAT(error.what(), HasSubstr("/nonexistent/image.tar does not exist"));
    EXPECT_THAT(error.user_text(), HasSubstr("image of your box"));
  }
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, NoRuntimeIsASentenceForTheOperator) {
  config_.oci.runtime = "/nonexistent/runtime";
  config_.oci.image = "";
  try {
    backend_ = std::make_unique<backend::oci::OciBackend>(config_, observe::Log());
    run_task(io_, backend_->prepare());
    FAIL() << "prepared";
  } catch (const BackendError& error) {
    EXPECT_THAT(error.what(),
                AnyOf(HasSubstr("no container runtime works here"), HasSubstr("user namespaces")));
  }
  backend_.reset();
}

TEST_F(BoxTest, AKilledBoxEndsItsLinkAndSaysSo) {
  prepare();
  if (!backend_) return;
  const auto box = launch();
  ASSERT_EQ(::kill(init_of(state_, config_, *box), SIGKILL), 0);
  const auto closed = [](ssh::Connection connection) -> ssh::Task<> { (void)co_await connection.closed(); };
  run_task(io_, closed(box->peer().connection));
  EXPECT_EQ(end_reason(*box), "The box was ended.");
  remove(*box);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, ADroppedBoxRemovesItself) {
  prepare();
  if (!backend_) return;
  (void)launch();
  for (int i = 0; i < 500 && !traces().empty(); ++i) ::usleep(10'000);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, ShutdownRemovesWhatIsLeft) {
  prepare();
  if (!backend_) return;
  const auto one = launch(), two = launch();
  run_task(io_, backend_->shutdown());
  EXPECT_EQ(traces(), "");
  EXPECT_THROW((void)launch(), BackendError);
}

TEST_F(BoxTest, DeepAndLockedTreesAreRemoved) {
  prepare();
  if (!backend_) return;
  const auto box = launch();
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "d/";
  const Ran ran = run(*box, "cd /tmp && mkdir -p " + deep + " l/m && chmod 0 l");
  EXPECT_EQ(ran.status, 0U) << ran.err;
  remove(*box);
  EXPECT_EQ(traces(), "");
}

ssh::Task<> one_of_many(backend::Backend& backend, backend::Login login, int number, int& served) {
  const auto box = co_await backend.launch(std::move(login));
  const Ran ran = co_await run_in(box->peer().connection, "echo " + std::to_string(number));
  if (ran.out == std::to_string(number) + "\n") ++served;
  co_await box->remove();
}

TEST_F(BoxTest, FiftyAtOnce) {
  prepare();
  if (!backend_) return;
  constexpr int boxes = 50;
  int served = 0;
  const auto all = [&]() -> ssh::Task<> {
    const auto executor = co_await ssh::asio::this_coro::executor;
    ssh::TaskScope scope(executor);
    for (int i = 0; i < boxes; ++i) scope.spawn(one_of_many(*backend_, login(config_), i, served));
    co_await scope.join();
  };
  run_task(io_, all());
  EXPECT_EQ(served, boxes);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, ACancelledLaunchLeavesNothing) {
  prepare();
  if (!backend_) return;
  const auto cancelled = [&]() -> ssh::Task<> {
    const auto executor = co_await ssh::asio::this_coro::executor;
    ssh::TaskScope scope(executor);
    int served = 0;
    for (int i = 0; i < 5; ++i) scope.spawn(one_of_many(*backend_, login(config_), i, served));
    ssh::asio::steady_timer timer(executor);
    timer.expires_after(std::chrono::milliseconds(20));
    co_await timer.async_wait(ssh::asio::use_awaitable);
    scope.cancel();
    co_await scope.join();
  };
  run_task(io_, cancelled());
  for (int i = 0; i < 500 && !traces().empty(); ++i) ::usleep(10'000);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, TheUserNetworkGivesAWayOut) {
  config_.oci.network = "user";
  prepare();
  if (!backend_) return;
  if (backend::oci::find_program("slirp4netns").empty() && backend::oci::find_program("pasta").empty())
    GTEST_SKIP() << "SKIPPED: neither slirp4netns nor pasta is installed";
  if (::access("/dev/net/tun", R_OK | W_OK) != 0) GTEST_SKIP() << "SKIPPED: /dev/net/tun is not ours to use";
  const auto box = launch();
  EXPECT_THAT(run(*box, "ls /sys/class/net").out, Not(StartsWith("lo\n\n")));
  EXPECT_THAT(run(*box, "ip route").out, HasSubstr("default"));
  EXPECT_THAT(run(*box, "cat /etc/resolv.conf").out, HasSubstr("nameserver"));
  remove(*box);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, WithoutAUserNamespaceABoxIsStillShutOff) {
  config_.oci.user_namespace = false;
  prepare();
  if (!backend_) return;
  const auto box = launch();
  EXPECT_EQ(run(*box, "id -u; touch /x && echo written").out, "0\nwritten\n");
  EXPECT_NE(run(*box, "mount -t tmpfs none /tmp").status, 0U);
  EXPECT_NE(run(*box, "mknod /x2 b 254 0 && head -c1 /x2").status, 0U);
  EXPECT_NE(run(*box, "echo 1 > /proc/sys/kernel/core_pattern").status, 0U);
  remove(*box);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, WhereOverlayfsIsRefusedEachBoxIsACopy) {
  prepare();
  if (!backend_) return;
  // Never probed: it believes in nothing.
  backend_->host()->roots =
      std::make_unique<backend::oci::BoxRoots>(backend_->host()->ids, state_ / "images");
  const auto one = launch();
  EXPECT_EQ(run(*one, "rm /etc/passwd; echo mine > /etc/mine; ls /etc/mine").out, "/etc/mine\n");
  const auto two = launch();
  EXPECT_EQ(run(*two, "ls /etc/mine /etc/passwd 2>/dev/null").out, "/etc/passwd\n");
  remove(*one);
  remove(*two);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxTest, AFullDiskIsSaidToWhoLogsIn) {
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: a small disk for the test needs root";
  ASSERT_EQ(::mount("none", state_.c_str(), "tmpfs", 0, "size=60m,mode=0711"), 0);
  prepare();
  if (backend_) {
    try {
      (void)launch();
      ADD_FAILURE() << "launched";
    } catch (const BackendError& error) {
      EXPECT_THAT(error.user_text(), HasSubstr("no disk space"));
    }
    EXPECT_EQ(end_of_backend(), "");
  }
  EXPECT_EQ(::umount2(state_.c_str(), MNT_DETACH), 0);
}

// Not an assertion on a busy machine, but the number that `ssh host echo hi` stands on.
TEST_F(BoxTest, ALaunchIsTimed) {
  prepare();
  if (!backend_) return;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto milliseconds = [](auto duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  };
  std::vector<double> launches, removals;
  for (int i = 0; i < 10; ++i) {
    const auto begin = now();
    const auto box = launch();
    launches.push_back(milliseconds(now() - begin));
    EXPECT_EQ(run(*box, "echo hi").out, "hi\n");
    const auto removal = now();
    remove(*box);
    removals.push_back(milliseconds(now() - removal));
  }
  std::ranges::sort(launches);
  std::ranges::sort(removals);
  RecordProperty("launch_ms_median", std::to_string(launches[5]));
  std::printf("launch: best %.1f ms, median %.1f; removal: median %.1f\n", launches[0], launches[5],
              removals[5]);
}

}  // namespace
}  // namespace fairlead::test
