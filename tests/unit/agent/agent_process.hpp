// SPDX-License-Identifier: Apache-2.0
// A real agent in a process of its own, and the test's end of its link.
#pragma once

#include "link/descriptor_channel.hpp"
#include "support/link_client.hpp"

#include <gtest/gtest.h>

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace fairlead::test {

struct AgentOptions {
  std::vector<std::string> arguments{"serve", "--fd", "3"};
  // "stdio": the link is descriptors 0 and 1. "fd": it is 3. "bare": the same, and the test sends what
  // precedes the packets. "none": the test makes it itself.
  std::string link = "fd";
  // Runs in the child before the exec: limits, ids, namespaces, roots. False ends the child.
  std::function<bool()> prepare;
  std::string program = FAIRLEAD_AGENT;
};

class AgentProcess {
 public:
  explicit AgentProcess(const AgentOptions& options = {});
  AgentProcess(const AgentProcess&) = delete;
  AgentProcess& operator=(const AgentProcess&) = delete;
  // Ends the link and waits for the agent.
  ~AgentProcess();

  [[nodiscard]] LinkClient& link() { return *link_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Of an agent with link "fd".
  [[nodiscard]] link::DescriptorSender& data_sockets() { return *data_sockets_; }
  // waitpid's status; nothing when it still runs after ten seconds (it is killed then).
  std::optional<int> wait();

 private:
  pid_t pid_ = -1;
  std::optional<int> status_;
  std::unique_ptr<LinkClient> link_;
  std::optional<link::DescriptorSender> data_sockets_;
};

// Most tests: an agent that has been set up with defaults.
class AgentTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(link().setup({})) << link().setup_sentence(); }
  LinkClient& link() { return agent_.link(); }

  AgentProcess agent_;
};

// A directory that is gone with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

}  // namespace fairlead::test
