// SPDX-License-Identifier: Apache-2.0
// Boxes that take without end: processes, memory, disk. Others do not notice.
#include "unit/backend/oci/box_fixture.hpp"

#include <gmock/gmock.h>

#include <sys/statvfs.h>

#include <chrono>

namespace fairlead::test {
namespace {

using ::testing::HasSubstr;
using BoxLimitsTest = BoxTest;

TEST_F(BoxLimitsTest, AForkBombStaysInItsBox) {
  config_.oci.limits.pids = 40;
  prepare();
  if (!backend_) return;
  const auto bomb = launch(), other = launch();
  const Ran ran =
      run(*bomb, "i=0; while [ $i -lt 200 ]; do sleep 60 >/dev/null 2>&1 & i=$((i+1)); done; echo unbounded");
  EXPECT_THAT(ran.out, ::testing::Not(HasSubstr("unbounded")));
  EXPECT_EQ(run(*other, "echo fine").out, "fine\n");
  remove(*bomb);
  EXPECT_EQ(run(*other, "echo fine").out, "fine\n");
  remove(*other);
  EXPECT_EQ(traces(), "");
}

TEST_F(BoxLimitsTest, MemoryEndsAtTheLimitAndTheReasonIsKnown) {
  config_.oci.limits.memory = std::uint64_t{48} << 20;
  prepare();
  if (!backend_) return;
  if (!backend_->host()->abilities.limits) GTEST_SKIP() << "SKIPPED: no control groups for us on this host";
  const auto greedy = launch(), other = launch();
  const Ran ran = run(*greedy, "dd if=/dev/zero of=/dev/null bs=200M count=1");
  EXPECT_TRUE(ran.signal == "KILL" || ran.status == 137U) << ran.err;
  EXPECT_EQ(end_reason(*greedy), "The box ran out of memory.");
  EXPECT_EQ(end_reason(*other), "");
  EXPECT_EQ(run(*other, "echo fine").out, "fine\n");
  remove(*greedy);
  EXPECT_EQ(end_reason(*greedy), "The box ran out of memory.");  // still known
  remove(*other);
}

TEST_F(BoxLimitsTest, MemoryOfSharedFilesCounts) {
  config_.oci.limits.memory = std::uint64_t{48} << 20;
  prepare();
  if (!backend_) return;
  const auto box = launch();
  EXPECT_NE(run(*box, "dd if=/dev/zero of=/dev/shm/x bs=1M count=500").status, 0U);
  remove(*box);
}

TEST_F(BoxLimitsTest, WritingWithoutEndEndsAtTheLimit) {
  config_.oci.limits.disk = std::uint64_t{32} << 20;
  prepare();
  if (!backend_) return;
  const auto greedy = launch(), other = launch();
  struct statvfs before{}, after{};
  ::statvfs(state_.c_str(), &before);
  if (backend_->host()->roots->abilities().volumes) {
    const Ran ran = run(*greedy, "dd if=/dev/zero of=/file bs=1M count=300");
    EXPECT_THAT(ran.err, HasSubstr("No space left"));
    EXPECT_EQ(run(*greedy, "rm /file; echo usable > /x && cat /x").out, "usable\n");
    EXPECT_NE(run(*greedy, "i=0; while [ $i -lt 100000 ]; do : > /tmp/$i || exit 1; i=$((i+1)); done").status,
              0U);
  } else {
    try {
      (void)run(*greedy, "dd if=/dev/zero of=/file bs=1M count=3000; sleep 60");
    } catch (const std::exception&) {  // the link ended with the box
    }
    EXPECT_EQ(end_reason(*greedy), "The box used more disk space than it may.");
  }
  EXPECT_EQ(run(*other, "echo fine > /file && cat /file").out, "fine\n");
  ::statvfs(state_.c_str(), &after);
  remove(*greedy);
  remove(*other);
  EXPECT_EQ(traces(), "");
}

}  // namespace
}  // namespace fairlead::test
