// SPDX-License-Identifier: Apache-2.0
// Host keys: configured ones, and ours that stay the same.
#include "keeper/host_keys.hpp"

#include "support/scratch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

namespace fairlead::keeper {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using Type = ssh::PrivateKey::Type;

class CodeSink final : public observe::LogSink {
 public:
  void write(observe::Level, std::string_view code, std::string_view,
             const std::vector<observe::Label>&) override {
    const std::lock_guard lock(mutex_);
    codes.emplace_back(code);
  }
  std::vector<std::string> codes;

 private:
  std::mutex mutex_;
};

class HostKeys : public testing::Test {
 protected:
  auto load(std::vector<std::string> hostkeys) {
    config::Ssh ssh;
    ssh.hostkeys = std::move(hostkeys);
    return load_host_keys(ssh, directory_.file("state"), log_);
  }
  static std::vector<std::string> fingerprints(const std::vector<ssh::PrivateKey>& keys) {
    std::vector<std::string> result;
    for (const auto& key : keys) result.push_back(key.public_key().fingerprint());
    return result;
  }

  test::ScratchDirectory directory_;
  std::shared_ptr<CodeSink> sink_ = std::make_shared<CodeSink>();
  observe::Log log_{sink_, observe::Level::debug};
};

TEST_F(HostKeys, AreMadeOnceAndKept) {
  const auto first = load({});
  ASSERT_TRUE(first) << first.error().front();
  ASSERT_THAT(*first, SizeIs(2));
  EXPECT_EQ(first->at(0).public_key().type(), "ssh-ed25519");
  EXPECT_EQ(first->at(1).public_key().type(), "ecdsa-sha2-nistp256");
  EXPECT_THAT(sink_->codes, ElementsAre("CORE_NO_HOST_KEYS", "CORE_NO_HOST_KEYS"));
  sink_->codes.clear();
  const auto second = load({});
  ASSERT_TRUE(second);
  EXPECT_EQ(fingerprints(*first), fingerprints(*second));
  EXPECT_THAT(sink_->codes, SizeIs(0));
  for (const auto& entry : std::filesystem::directory_iterator(directory_.file("state"))) {
    struct stat status{};
    ::stat(entry.path().c_str(), &status);
    EXPECT_EQ(status.st_mode & 0777, 0600U) << entry.path();
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.file("state")), {}), 2)
      << "no temporary file stays behind";
}

TEST_F(HostKeys, TwoDaemonsThatStartAtOnceAgree) {
  std::vector<std::string> seen[4];
  std::vector<std::thread> daemons;
  for (auto& mine : seen) daemons.emplace_back([&] { mine = fingerprints(load({}).value()); });
  for (auto& daemon : daemons) daemon.join();
  for (const auto& mine : seen) EXPECT_EQ(mine, seen[0]);
}

TEST_F(HostKeys, ABrokenKeyFileIsNeverReplaced) {
  std::filesystem::create_directories(directory_.file("state"));
  directory_.write("state/host_key_ed25519", "garbage");
  const auto keys = load({});
  ASSERT_FALSE(keys);
  EXPECT_THAT(keys.error(), ElementsAre(HasSubstr("host_key_ed25519 cannot be used")));
  std::ifstream file(directory_.file("state/host_key_ed25519"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "garbage");
}

TEST_F(HostKeys, AStateDirectoryThatCannotBeMadeIsASentence) {
  directory_.write("state", "a file");
  const auto keys = load({});
  ASSERT_FALSE(keys);
  EXPECT_THAT(keys.error(), ElementsAre(HasSubstr("The state directory")));
}

TEST_F(HostKeys, FilesAndTextAreTaken) {
  const auto ed25519 = ssh::PrivateKey::generate(Type::ed25519).value();
  const auto ecdsa = ssh::PrivateKey::generate(Type::ecdsa_p256).value();
  const auto keys =
      load({directory_.write("key", ed25519.to_openssh_text("")), "\n " + ecdsa.to_openssh_text("") + "\n"});
  ASSERT_TRUE(keys) << keys.error().front();
  EXPECT_EQ(fingerprints(*keys), fingerprints({ed25519, ecdsa}));
  EXPECT_FALSE(std::filesystem::exists(directory_.file("state"))) << "none is made then";
}

TEST_F(HostKeys, OfTwoKeysOfOneTypeTheLastIsUsed) {
  const auto first = ssh::PrivateKey::generate(Type::ed25519).value();
  const auto second = ssh::PrivateKey::generate(Type::ed25519).value();
  const auto keys = load({first.to_openssh_text(""), second.to_openssh_text("")});
  ASSERT_TRUE(keys);
  EXPECT_EQ(fingerprints(*keys), fingerprints({second}));
  EXPECT_THAT(sink_->codes, ElementsAre("SSH_HOST_KEY_REPLACED"));
}

TEST_F(HostKeys, EveryMistakeIsTold) {
  const auto keys = load({"/no/such/key", "x", "-----BEGIN nothing-----", ""});
  ASSERT_FALSE(keys);
  EXPECT_THAT(keys.error(), SizeIs(4));
  EXPECT_THAT(keys.error(),
              Contains(HasSubstr("invalid configuration option: ssh.hostkeys[0] (/no/such/key: ")));
  EXPECT_THAT(keys.error(), Contains(HasSubstr("ssh.hostkeys[2] (")));
}

TEST_F(HostKeys, AKeyThatOthersCanReadIsWarnedAbout) {
  const auto key = ssh::PrivateKey::generate(Type::ed25519).value();
  ASSERT_TRUE(load({directory_.write("key", key.to_openssh_text(""), 0644)}));
  EXPECT_THAT(sink_->codes, ElementsAre("SSH_HOST_KEY_MODE"));
}

}  // namespace
}  // namespace fairlead::keeper
