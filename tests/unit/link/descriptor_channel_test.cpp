// SPDX-License-Identifier: Apache-2.0
// Descriptors on their way from the daemon to the agent: numbers, bounds, and what either side may send.
#include "link/descriptor_channel.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

namespace fairlead::link {
namespace {

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    a = FileDescriptor(ends[0]);
    b = FileDescriptor(ends[1]);
  }
  FileDescriptor a, b;
};

struct Channel {
  Channel() {
    const Pair link;
    sender = DescriptorSender::open(link.a.get());
    EXPECT_TRUE(sender);
    auto opened = DescriptorReceiver::open(link.b.get());
    EXPECT_TRUE(opened);
    receiver = std::move(*opened);
    EXPECT_TRUE(receiver);
  }
  std::optional<DescriptorSender> sender;
  DescriptorReceiver receiver;
};

bool same_file(int a, int b) {
  struct stat first{}, second{};
  return ::fstat(a, &first) == 0 && ::fstat(b, &second) == 0 && first.st_ino == second.st_ino;
}

TEST(DescriptorChannel, BringsEachSocketUnderItsNumber) {
  Channel channel;
  const Pair first, second;
  const auto one = channel.sender->send(first.a.get());
  const auto two = channel.sender->send(second.a.get());
  ASSERT_TRUE(one && two);
  EXPECT_NE(*one, *two);
  const auto got_one = channel.receiver.take(*one);
  const auto got_two = channel.receiver.take(*two);
  EXPECT_TRUE(same_file(got_one.get(), first.a.get()));
  EXPECT_TRUE(same_file(got_two.get(), second.a.get()));
  EXPECT_FALSE(channel.receiver.take(*two)) << "each comes once";
}

TEST(DescriptorChannel, OlderNumbersArePassedOver) {
  Channel channel;
  const Pair first, second;
  (void)channel.sender->send(first.a.get());
  const auto two = channel.sender->send(second.a.get());
  EXPECT_TRUE(same_file(channel.receiver.take(two.value()).get(), second.a.get()));
}

TEST(DescriptorChannel, HoldsAHandfulAndNeverWaits) {
  Channel channel;
  const Pair pair;
  int sent = 0;
  while (sent < 1000 && channel.sender->send(pair.a.get())) ++sent;
  EXPECT_GT(sent, 0);
  EXPECT_LT(sent, 20);
}

TEST(DescriptorChannel, AClosedOneSaysSo) {
  Channel channel;
  const Pair pair;
  channel.receiver = {};
  EXPECT_FALSE(channel.sender->send(pair.a.get()));
  EXPECT_FALSE(channel.receiver.take(1));
}

TEST(DescriptorChannel, OnlySocketsAreTaken) {
  Channel channel;
  const FileDescriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  const auto number = channel.sender->send(null.get());
  EXPECT_FALSE(channel.receiver.take(number.value()));
}

TEST(DescriptorChannel, TakesNothingFromTheBox) {
  const Pair link;
  const auto sender = DescriptorSender::open(link.a.get());
  // The agent's end of the descriptor socket, as a hostile box would use it.
  std::array<std::byte, 1> byte{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  iovec part{byte.data(), byte.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ASSERT_EQ(::recvmsg(link.b.get(), &message, MSG_CMSG_CLOEXEC), 1);
  int number = -1;
  std::memcpy(&number, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof number);
  const FileDescriptor theirs(number);
  EXPECT_EQ(::send(theirs.get(), "rubbish", 7, MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, EPIPE);
}

TEST(DescriptorChannel, AWrongBeginningIsASentence) {
  const Pair link;
  ASSERT_EQ(::send(link.a.get(), "S", 1, 0), 1);
  const auto opened = DescriptorReceiver::open(link.b.get());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), "the daemon is of another version");
}

}  // namespace
}  // namespace fairlead::link
