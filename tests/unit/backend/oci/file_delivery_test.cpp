// SPDX-License-Identifier: Apache-2.0
// Files on their way to an agent that the test plays, well or badly.
#include "backend/file_delivery.hpp"

#include "link/agent_link.hpp"
#include "unit/backend/oci/box_fixture.hpp"
#include "unit/ssh/loop.hpp"

#include <functional>
#include <string>

namespace fairlead::test {
namespace {

namespace asio = ssh::asio;
using ssh::Task;
using ssh::test::accept_next;

class FileDelivery : public ::testing::Test {
 protected:
  // Delivers the files to `agent`; false when the link ended instead.
  bool deliver(config::MetadataMap files, Task<> agent) {
    login_.metadata.files = std::move(files);
    bool delivered = false;
    auto daemon = [&]() -> Task<> {
      try {
        co_await backend::deliver_files(link_.a.connection, login_);
        delivered = true;
      } catch (const ssh::ConnectionError&) {  // the result says so
      }
    };
    auto both = [&]() -> Task<> {
      ssh::TaskScope scope(co_await asio::this_coro::executor);
      scope.spawn(daemon());
      scope.spawn(std::move(agent));
      co_await scope.join();
    };
    loop_.run(both());
    return delivered;
  }

  std::shared_ptr<KeptLog> log_ = std::make_shared<KeptLog>();
  backend::Login login_ = alices_login({}, log_);
  ssh::test::Loop loop_;
  ssh::test::LinkPair link_{loop_.io};
};

// Takes one file: its content, or what the test made of the channel.
Task<std::string> take(ssh::OpenedChannel& channel) {
  std::string content;
  std::vector<std::byte> buffer(1000);
  while (content.size() < 5) {
    const auto size = co_await channel.channel.read_some(buffer);
    content += ssh::as_text(ssh::Bytes(buffer).first(size));
  }
  co_return content;
}

TEST_F(FileDelivery, OneChannelForEachFileInTurn) {
  auto agent = [&]() -> Task<> {
    for (const char* expected : {"first", "other"}) {
      auto channel = co_await accept_next(link_.b);
      const std::string content = co_await take(channel);
      EXPECT_EQ(content, expected);
      auto request = co_await channel.requests.next();
      if (!request) throw std::runtime_error("no request");
      EXPECT_EQ(request->name(), link::deliver_request);
      request->reply(true);
    }
  };
  EXPECT_TRUE(deliver({{"/a", {"first", false}}, {"/b", {"other", false}}}, agent()));
  EXPECT_TRUE(log_->has("OCI_FILE_WRITE A file was written into the box path=/a"));
  EXPECT_TRUE(log_->has("path=/b"));
  EXPECT_FALSE(log_->has("FAILED"));
}

TEST_F(FileDelivery, WhatABoxSaysIsCutAndTheNextFileGoesOn) {
  auto agent = [&]() -> Task<> {
    auto refused = co_await link_.b.channels.next();
    if (!refused) throw std::runtime_error("no channel");
    std::move(*refused).reject(ssh::OpenFailure::connect_failed, std::string(5000, 'x'));
    auto failed = co_await accept_next(link_.b);
    auto request = co_await failed.requests.next();
    if (!request) throw std::runtime_error("no request");
    const std::string why(5000, 'y');
    co_await failed.channel.write(ssh::as_bytes(why));
    request->reply(false);
    auto closed = co_await accept_next(link_.b);
    closed.channel.close();
    auto last = co_await accept_next(link_.b);
    auto good = co_await last.requests.next();
    if (good) good->reply(true);
  };
  EXPECT_TRUE(deliver(
      {{"/a", {"1", false}}, {"/b", {"2", false}}, {"/c", {"3", false}}, {"/d", {"4", false}}}, agent()));
  EXPECT_TRUE(log_->has("path=/a reason=" + std::string(300, 'x') + "\n"));
  EXPECT_TRUE(log_->has("path=/b reason=" + std::string(300, 'y') + "\n"));
  EXPECT_TRUE(log_->has("path=/c reason=the agent closed the channel\n"));
  EXPECT_TRUE(log_->has("OCI_FILE_WRITE A file was written into the box path=/d"));
}

TEST_F(FileDelivery, ALinkThatEndsEndsIt) {
  auto agent = [&]() -> Task<> {
    const auto channel = co_await accept_next(link_.b);
    link_.b.connection.close({ssh::Errc::connection_closed, "killed"});
  };
  // The first may look as if only its channel had been closed; the next one cannot be opened.
  EXPECT_FALSE(deliver({{"/a", {"x", false}}, {"/b", {"x", false}}}, agent()));
}

TEST_F(FileDelivery, NothingToDeliverAsksNothing) {
  auto agent = []() -> Task<> { co_return; };
  EXPECT_TRUE(deliver({}, agent()));
}

}  // namespace
}  // namespace fairlead::test
