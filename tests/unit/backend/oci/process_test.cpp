// SPDX-License-Identifier: Apache-2.0
// Starting host programs.
#include "backend/oci/process.hpp"

#include "backend/backend.hpp"
#include "base/file_descriptor.hpp"
#include "unit/backend/oci/scratch.hpp"

#include <gmock/gmock.h>

#include <sys/mount.h>

#include <array>
#include <csignal>

namespace fairlead::test {
namespace {

using namespace std::chrono_literals;
using backend::BackendError;
using backend::oci::Command;
using backend::oci::find_program;
using backend::oci::MountStep;
using backend::oci::Outcome;
using ::testing::HasSubstr;
using ProcessTest = ScratchTest;

Outcome shell(const std::string& script, std::chrono::milliseconds deadline = 10s) {
  return backend::oci::run({.arguments = {"/bin/sh", "-c", script}}, deadline);
}

TEST_F(ProcessTest, StatusAndOutputComeBack) {
  const Outcome outcome = shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.output, "out\nerr\n");
  EXPECT_EQ(shell("kill -TERM $$").status, 128 + SIGTERM);
}

TEST_F(ProcessTest, OutputIsBounded) {
  const Outcome outcome = shell("head -c 1000000 /dev/zero");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_LE(outcome.output.size(), 8000U);
}

TEST_F(ProcessTest, AProgramThatHangsIsKilled) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(shell("exec sleep 100", 100ms).status, -1);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(ProcessTest, NothingIsInheritedButWhatIsNamed) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()),
            0);  // not close-on-exec, as somebody else's in a daemon might be: the runtime drops those
  const FileDescriptor keep(pipe[0]), write_end(pipe[1]);
  Command command{.arguments = {"/bin/sh", "-c", "echo hi >&7; cat </dev/null; env"}};
  command.descriptors = {{write_end.get(), 7}};
  EXPECT_EQ(backend::oci::start(command).wait(10s), 0);
  std::array<char, 16> buffer{};
  EXPECT_EQ(::read(keep.get(), buffer.data(), buffer.size()), 3);
  EXPECT_THAT(shell("env").output, ::testing::Not(HasSubstr("HOME=")));
}

TEST_F(ProcessTest, SignalsAreAsAProgramExpectsThem) {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  struct sigaction before{};
  ::sigaction(SIGPIPE, &ignore, &before);
  EXPECT_THAT(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").output,
              HasSubstr("SigIgn:\t0000000000000000"));
  EXPECT_THAT(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status").output,
              HasSubstr("SigBlk:\t0000000000000000"));
  ::sigaction(SIGPIPE, &before, nullptr);
}

TEST_F(ProcessTest, WhatCannotBeDoneIsNamed) {
  try {
    (void)backend::oci::start({.arguments = {"/nonexistent/program"}});
    FAIL() << "started";
  } catch (const BackendError& error) {
    EXPECT_STREQ(error.what(), "cannot run /nonexistent/program: No such file or directory");
  }
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: a mount namespace needs root";
  Command command{.arguments = {"/bin/true"}};
  command.own_mounts = true;
  command.mounts.push_back({.source = "none", .target = "/nonexistent", .type = "tmpfs"});
  try {
    (void)backend::oci::start(command);
    FAIL() << "started";
  } catch (const BackendError& error) {
    EXPECT_STREQ(error.what(), "cannot mount tmpfs on /nonexistent: No such file or directory");
  }
}

TEST_F(ProcessTest, OwnMountsAreSeenByNobodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << "SKIPPED: a mount namespace needs root";
  const std::string target = scratch_.string();
  Command command{.arguments = {"/bin/sh", "-c", "grep -c " + target + "/made /proc/self/mounts"}};
  command.own_mounts = true;
  command.mounts.push_back(
      {.kind = MountStep::Kind::make_directory, .target = target + "/made", .mode = 0700});
  command.mounts.push_back(
      {.source = "none", .target = target + "/made", .type = "tmpfs", .flags = MS_NOSUID});
  EXPECT_EQ(backend::oci::run(command, 10s).output, "1\n");
  EXPECT_FALSE(content("/proc/self/mounts").contains(target));
}

TEST_F(ProcessTest, ProgramsAreFoundWhereTheyAre) {
  EXPECT_THAT(find_program("sh"), HasSubstr("/bin/sh"));
  EXPECT_EQ(find_program("/bin/sh"), "/bin/sh");
  EXPECT_EQ(find_program("no-such-program"), "");
  EXPECT_EQ(find_program("/no/such/program"), "");
}

}  // namespace
}  // namespace fairlead::test
