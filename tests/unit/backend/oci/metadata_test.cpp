// SPDX-License-Identifier: Apache-2.0
// What a login's metadata puts into an OCI box, and which of it becomes variables.
#include "backend/agent_box.hpp"
#include "backend/login_environment.hpp"
#include "link/agent_link.hpp"
#include "support/run_task.hpp"
#include "unit/backend/oci/box_fixture.hpp"

#include <gmock/gmock.h>

namespace fairlead::test {
namespace {

using backend::Box;
using backend::login_environment;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

struct LoginEnvironment : ::testing::Test {
  std::shared_ptr<KeptLog> log = std::make_shared<KeptLog>();
  backend::Login login = alices_login({}, log);
};

TEST_F(LoginEnvironment, MetadataIsExposedOnlyWhenAskedForAndBelowTheEnvironment) {
  login.metadata.environment = {{"A", {"environment", false}}};
  login.metadata.metadata = {{"A", {"metadata", false}}, {"B", {"metadata", true}}};
  EXPECT_THAT(login_environment(login, false), ElementsAre(Pair("A", "environment")));
  EXPECT_THAT(login_environment(login, true), ElementsAre(Pair("A", "environment"), Pair("B", "metadata")));
  EXPECT_FALSE(log->has("BACKEND_VARIABLE_SKIPPED"));
}

TEST_F(LoginEnvironment, WhatNoProgramCanBeGivenIsLeftOutWithAWarning) {
  const std::string with_nul("hush\0s", 6);
  login.metadata.metadata = {{"", {"empty", false}},
                             {"A=B", {"equals", false}},
                             {"NUL", {with_nul, false}},
                             {"SSH_ORIGINAL_COMMAND", {"forged", false}},
                             {"dotted.name", {"x", false}}};
  EXPECT_THAT(login_environment(login, true), ElementsAre(Pair("dotted.name", "x")));
  for (const char* said : {"name=A=B", "name=NUL", "name=SSH_ORIGINAL_COMMAND"})
    EXPECT_TRUE(log->has(said)) << said;
  for (const char* secret : {"equals", "forged", "hush"}) EXPECT_FALSE(log->has(secret)) << secret;
}

TEST_F(LoginEnvironment, IsBoundedSoThatTheRestStillFits) {
  login.metadata.environment = {{"LARGE", {std::string(link::fixed_environment_bytes, 'x'), false}},
                                {"SMALL", {"kept", false}}};
  EXPECT_THAT(login_environment(login, true), ElementsAre(Pair("SMALL", "kept")));
  EXPECT_TRUE(log->has("name=LARGE reason=the login's variables are too large"));
}

TEST_F(LoginEnvironment, WinsOverTheClientAndKeysAreBelowIt) {
  login.environment = {{"BY_KEY", "key"}};
  login.metadata.environment = {{"BY_WEBHOOK", {"webhook", false}}};
  config::Programs programs;
  programs.environment = {{"BY_KEY", "configured"}, {"BY_WEBHOOK", "configured"}};
  const auto setup = backend::make_setup(login, programs);
  EXPECT_THAT(setup.environment, ElementsAre(Pair("BY_KEY", "key"), Pair("BY_WEBHOOK", "configured")));
  EXPECT_THAT(setup.fixed_environment, ElementsAre(Pair("BY_WEBHOOK", "webhook")));
}

TEST_F(LoginEnvironment, KeysDoNotSteerTheSectionsForcedCommand) {
  config::Config config;
  config.security.force_command = "guard";
  login = alices_login(config, log);
  login.environment = {{"LD_PRELOAD", "/tmp/mine.so"}};
  EXPECT_THAT(backend::make_setup(login, {}).environment, IsEmpty());
}

class MetadataBox : public BoxTest {
 protected:
  std::unique_ptr<Box> launch_with(config::Metadata metadata) {
    auto login = this->login(config_);
    login.metadata = std::move(metadata);
    return run_task(io_, backend_->launch(std::move(login)));
  }
};

TEST_F(MetadataBox, HoldsTheFilesBeforeTheFirstProgram) {
  config_.oci.programs.user = "1000:1000";
  prepare();
  if (!backend_) return;
  std::string large(5'000'000, ' ');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + (i * 7 + i / 997) % 26);
  const auto box = launch_with({.files = {{"/home/alice/.config/token", {"very secret", true}},
                                          {"/var/lib/large", {large, false}},
                                          {"/tmp/empty", {"", false}}}});
  EXPECT_EQ(run(*box, "cat /home/alice/.config/token").out, "very secret");
  EXPECT_EQ(run(*box, "stat -c '%a %u:%g' /home/alice/.config/token /tmp/empty").out,
            "600 1000:1000\n600 1000:1000\n");
  EXPECT_EQ(run(*box, "stat -c '%a %u' /home/alice/.config").out, "755 1000\n");
  EXPECT_EQ(run(*box, "cat /var/lib/large").out, large);
  EXPECT_EQ(run(*box, "ls -A /home/alice/.config /tmp").out, "/home/alice/.config:\ntoken\n\n/tmp:\nempty\n");
  EXPECT_TRUE(log_->has("OCI_FILE_WRITE A file was written"));
  EXPECT_FALSE(log_->has("very secret"));
  remove(*box);
  EXPECT_EQ(traces(), "");
}

TEST_F(MetadataBox, LetsTheUserInWhenAFileCannotBeWritten) {
  config_.oci.read_only_root = true;
  prepare();
  if (!backend_) return;
  const auto box = launch_with({.environment = {{"TOKEN", {"1234", true}}},
                                .files = {{"/etc/token", {"x", false}},
                                          {"/.fairlead/agent", {"x", false}},
                                          {"relative", {"x", false}},
                                          {"/dev/shm/token", {"fits", false}}}});
  EXPECT_EQ(run(*box, "echo $TOKEN; cat /dev/shm/token").out, "1234\nfits");
  EXPECT_TRUE(
      log_->has("OCI_FILE_WRITE_FAILED A file could not be written into the box path=/etc/token "
                "reason=Read-only file system"));
  EXPECT_TRUE(log_->has("path=/.fairlead/agent reason=this directory is Fairlead's own"));
  EXPECT_TRUE(log_->has("path=relative reason=this is not the absolute path of a file"));
  remove(*box);
}

TEST_F(MetadataBox, TakesNoMoreThanItsBounds) {
  prepare();
  if (!backend_) return;
  config::Metadata metadata;
  for (std::size_t i = 0; i <= link::files; ++i)
    metadata.files["/tmp/" + std::to_string(10'000 + i)] = {"x", false};
  const auto box = launch_with(std::move(metadata));
  EXPECT_EQ(run(*box, "ls /tmp | wc -l").out, std::to_string(link::files) + "\n");
  EXPECT_TRUE(log_->has("path=/tmp/11000 reason=the login has too many files"));
  remove(*box);
}

}  // namespace
}  // namespace fairlead::test
