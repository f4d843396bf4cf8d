// SPDX-License-Identifier: Apache-2.0
// Names of signals.
#include "agent/signals.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace fairlead::agent {
namespace {

TEST(Signals, KnowTheRfcsNamesOnly) {
  EXPECT_EQ(signal_number("TERM"), SIGTERM);
  EXPECT_EQ(signal_number("USR2"), SIGUSR2);
  for (const auto* name : {"", "SIGTERM", "term", "STOP", "CONT", "15", "CHLD"})
    EXPECT_FALSE(signal_number(name)) << name;
}

TEST(Signals, OthersGetLocalNames) {
  EXPECT_EQ(signal_name(SIGKILL), "KILL");
  EXPECT_EQ(signal_name(SIGBUS), "BUS@fairlead");
  EXPECT_EQ(signal_name(SIGRTMIN + 3), "RT" + std::to_string(SIGRTMIN + 3) + "@fairlead");
}

}  // namespace
}  // namespace fairlead::agent
