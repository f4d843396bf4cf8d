// SPDX-License-Identifier: Apache-2.0
// Files over the link of a real agent.
#include "agent_process.hpp"
#include "base/byte_buffer.hpp"
#include "base/wire.hpp"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

namespace fairlead::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class FileDeliveryTest : public AgentTest {
 protected:
  ssh::ChannelId open(const std::string& path) {
    ssh::ByteBuffer buffer;
    ssh::WireWriter(buffer).string(path);
    return link().open(link::file_channel, buffer.readable());
  }

  TemporaryDirectory directory_;
};

TEST_F(FileDeliveryTest, LargeFilesArriveWhole) {
  std::string content(5'000'000, ' ');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 251);
  const auto path = directory_ / "made/large";
  const auto channel = open(path);
  ASSERT_TRUE(link().record(channel).confirmed) << link().record(channel).refusal;
  link().send(channel, content);
  EXPECT_FALSE(fs::exists(path)) << "not before it is complete";
  EXPECT_TRUE(link().request(channel, link::deliver_request));
  link().close(channel);
  // Through the box's own eyes, after the file: programs wait for it.
  EXPECT_EQ(link().run("cat " + path).out, content);
  EXPECT_EQ(link().run("stat -c %a " + path).out, "600\n");
}

TEST_F(FileDeliveryTest, WhatIsClosedEarlyIsGone) {
  const auto channel = open(directory_ / "token");
  link().send(channel, "half");
  link().close(channel);
  ASSERT_TRUE(link().wait([&] { return link().record(channel).closed; }));
  EXPECT_TRUE(fs::is_empty(directory_.path()));
}

TEST_F(FileDeliveryTest, WhyNotIsASentence) {
  const auto nowhere = open("/proc/fairlead/token");
  EXPECT_EQ(link().record(nowhere).refused, ssh::OpenFailure::connect_failed);
  EXPECT_NE(link().record(nowhere).refusal, "");
  EXPECT_THAT(link().record(open("relative")).refusal, HasSubstr("absolute path"));
  EXPECT_TRUE(link().record(link().open(link::file_channel)).refused) << "no path at all";
  fs::create_directory(directory_ / "taken");
  const auto late = open(directory_ / "taken");
  link().send(late, "x");
  EXPECT_FALSE(link().request(late, link::deliver_request));
  EXPECT_THAT(link().record(late).out, HasSubstr("directory"));
  EXPECT_EQ(link().record(late).order, "data eof reply");
}

TEST_F(FileDeliveryTest, AppearsOnce) {
  const auto channel = open(directory_ / "token");
  EXPECT_TRUE(link().request(channel, link::deliver_request)) << "an empty file is a file";
  EXPECT_FALSE(link().request(channel, link::deliver_request));
  EXPECT_FALSE(link().request(channel, "exec", ssh::ExecRequest{"true"}.encode())) << "this is no session";
  EXPECT_EQ(fs::file_size(directory_ / "token"), 0U);
}

TEST(FileDelivery, NeedsToKnowForWhom) {
  AgentProcess agent;
  ssh::ByteBuffer buffer;
  ssh::WireWriter(buffer).string(std::string_view("/tmp/fairlead-token"));
  const auto channel = agent.link().open(link::file_channel, buffer.readable());
  EXPECT_EQ(agent.link().record(channel).refused, ssh::OpenFailure::administratively_prohibited);
}

}  // namespace
}  // namespace fairlead::test
