// SPDX-License-Identifier: Apache-2.0
// Boxes of the OCI backend: what a program in one can and cannot do, and that nothing is left of it.
#include "support/run_task.hpp"
#include "unit/backend/oci/box_fixture.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace fairlead::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

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

TEST_F(BoxTest, Timing) {
  prepare();
  if (!backend_) return;
  for (int i = 0; i < 12; ++i) {
    const auto t0 = std::chrono::steady_clock::now();
    const auto box = launch();
    const auto t1 = std::chrono::steady_clock::now();
    (void)run(*box, "echo hi");
    const auto t2 = std::chrono::steady_clock::now();
    remove(*box);
    const auto t3 = std::chrono::steady_clock::now();
    const auto ms = [](auto d) { return std::chrono::duration<double, std::milli>(d).count(); };
    std::printf("launch %.1f exec %.1f remove %.1f ms\n", ms(t1 - t0), ms(t2 - t1), ms(t3 - t2));
  }
}

}  // namespace
}  // namespace fairlead::test
