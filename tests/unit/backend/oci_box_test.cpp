// SPDX-License-Identifier: Apache-2.0
// Boxes of the OCI backend: what a program in one can and cannot do, and that nothing is left of it.
#include "support/run_task.hpp"
#include "unit/backend/box_fixture.hpp"

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

}  // namespace
}  // namespace fairlead::test
