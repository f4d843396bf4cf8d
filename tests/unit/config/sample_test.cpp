// SPDX-License-Identifier: Apache-2.0
// The sample configuration that we ship loads as it is.
#include "config/load.hpp"

#include <gtest/gtest.h>

namespace fairlead::config {
namespace {

TEST(Sample, ShippedConfigurationLoadsWithoutWarnings) {
  const auto config = load(FAIRLEAD_SAMPLES "/fairlead.yaml");
  ASSERT_TRUE(config) << config.error().front();
  EXPECT_TRUE(config->warnings.empty()) << config->warnings.front();
}

}  // namespace
}  // namespace fairlead::config
