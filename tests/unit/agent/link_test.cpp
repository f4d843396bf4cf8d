// SPDX-License-Identifier: Apache-2.0
// The link's two backpressures, over pipes.
#include "agent/link.hpp"

#include <fairlead/ssh/limits.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>

#include <array>
#include <string>

namespace fairlead::agent {
namespace {

struct Ends {
  explicit Ends(int size) {
    std::array<int, 2> fds{};
    EXPECT_EQ(::pipe2(fds.data(), O_CLOEXEC | O_NONBLOCK), 0);
    reader = FileDescriptor(fds[0]);
    writer = FileDescriptor(fds[1]);
    EXPECT_GE(::fcntl(writer.get(), F_SETPIPE_SZ, size), size);
  }
  FileDescriptor reader, writer;
};

class LinkTest : public testing::Test {
 protected:
  void start(int pipe_size) {
    to_agent_.emplace(4096);
    from_agent_.emplace(pipe_size);
    link_.emplace(
        loop_, LinkDescriptors{std::move(to_agent_->reader), std::move(from_agent_->writer)},
        Link::Callbacks{.on_event = [](ssh::EngineEvent&) {}, .on_drained = [this] { on_drained(); }});
    EXPECT_TRUE(link_->start());
  }
  void send_kilobytes(std::size_t kilobytes) {
    const std::string payload(1024, 'x');
    for (; kilobytes > 0; --kilobytes)
      link_->engine().send_global_request("test@fairlead", false, ssh::as_bytes(payload));
  }
  void read_all() {
    std::array<char, 65536> bytes;
    while (::read(from_agent_->reader.get(), bytes.data(), bytes.size()) > 0) {
    }
  }
  virtual void on_drained() { ++drained_; }

  EventLoop loop_;
  std::optional<Ends> to_agent_, from_agent_;
  std::optional<Link> link_;
  int drained_ = 0;
};

TEST_F(LinkTest, IsCongestedUntilThePeerHasTakenEnough) {
  start(64 * 1024);
  send_kilobytes(100);
  EXPECT_FALSE(link_->becomes_congested());
  send_kilobytes(200);
  EXPECT_TRUE(link_->becomes_congested());
  link_->flush();
  EXPECT_TRUE(link_->congested());
  for (int turns = 0; turns < 100 && link_->congested(); ++turns) {
    read_all();
    loop_.run_once(std::chrono::milliseconds(1000));
    link_->flush();
  }
  EXPECT_FALSE(link_->congested());
  EXPECT_EQ(drained_, 1);
}

class RefillingLinkTest : public LinkTest {
  void on_drained() override {
    ++drained_;
    send_kilobytes(1);
  }
};

TEST_F(RefillingLinkTest, WhatComesWhenItHasDrainedIsWrittenToo) {
  start(1024 * 1024);
  send_kilobytes(300);
  EXPECT_TRUE(link_->becomes_congested());
  link_->flush();
  EXPECT_EQ(drained_, 1);
  EXPECT_TRUE(link_->engine().output().empty());
}

TEST_F(LinkTest, APeerThatReadsNothingIsNotRead) {
  start(4096);
  send_kilobytes(100);  // more than limits::control_backlog
  link_->flush();
  EXPECT_EQ(::write(to_agent_->writer.get(), "garbage that would end the link", 31), 31);
  EXPECT_FALSE(loop_.run_once(std::chrono::milliseconds(0)));
  EXPECT_FALSE(link_->ended());
}

TEST_F(LinkTest, GivesItsBuffersBack) {
  start(64 * 1024);
  send_kilobytes(10);
  link_->flush();
  EXPECT_TRUE(link_->holds_idle_buffers());
  link_->release_buffers();
  EXPECT_FALSE(link_->holds_idle_buffers());
}

TEST_F(LinkTest, EndsWithItsInput) {
  start(4096);
  to_agent_->writer.reset();
  EXPECT_TRUE(loop_.run_once(std::chrono::milliseconds(1000)));
  EXPECT_TRUE(link_->ended());
  EXPECT_EQ(link_->reason(), "");
}

TEST_F(LinkTest, GarbageEndsItWithAReason) {
  start(4096);
  EXPECT_EQ(::write(to_agent_->writer.get(), "\xff\xff\xff\xff\xff\xff\xff\xff", 8), 8);
  EXPECT_TRUE(loop_.run_once(std::chrono::milliseconds(1000)));
  EXPECT_TRUE(link_->ended());
  EXPECT_NE(link_->reason(), "");
}

}  // namespace
}  // namespace fairlead::agent
