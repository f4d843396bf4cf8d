// SPDX-License-Identifier: Apache-2.0
// Bytes come as with recv(); descriptors that come with them are closed and never make the receiver wait.
#include "base/unix_receive.hpp"

#include "base/file_descriptor.hpp"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

namespace fairlead {
namespace {

using Bytes = std::array<std::byte, 100>;

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
    ours = FileDescriptor(ends[0]);
    theirs = FileDescriptor(ends[1]);
  }
  FileDescriptor ours, theirs;
};

ssize_t send_with(int socket, const std::vector<int>& descriptors) {
  alignas(cmsghdr) std::array<char, 4096> control{};
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(descriptors.size() * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(descriptors.size() * sizeof(int));
  std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size() * sizeof(int));
  return ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

auto open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return std::distance(begin(all), end(all));
}

// A TCP socket whose close waits for a peer that never reads.
FileDescriptor lingering_socket(FileDescriptor& listener) {
  listener = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  const std::array<char, 65536> filling{};
  while (::send(socket.get(), filling.data(), filling.size(), MSG_DONTWAIT) > 0) {
  }
  const linger wait{.l_onoff = 1, .l_linger = 3};
  EXPECT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_LINGER, &wait, sizeof wait), 0);
  return socket;
}

TEST(UnixReceive, TakesBytesAsRecvDoes) {
  const Pair pair;
  Bytes bytes;
  EXPECT_EQ(receive_without_descriptors(pair.ours.get(), bytes), -1);
  EXPECT_EQ(errno, EAGAIN);
  ASSERT_EQ(::send(pair.theirs.get(), "word", 4, 0), 4);
  EXPECT_EQ(receive_without_descriptors(pair.ours.get(), bytes), 4);
  EXPECT_EQ(std::memcmp(bytes.data(), "word", 4), 0);
  ::shutdown(pair.theirs.get(), SHUT_WR);
  EXPECT_EQ(receive_without_descriptors(pair.ours.get(), bytes), 0);
}

TEST(UnixReceive, AsManyDescriptorsAsCanComeAreClosed) {
  const Pair pair;
  Bytes bytes;
  const FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const auto before = open_descriptors();
  ASSERT_EQ(send_with(pair.theirs.get(), std::vector<int>(253, null.get())), 1);
  EXPECT_EQ(receive_without_descriptors(pair.ours.get(), bytes), -1);
  EXPECT_EQ(errno, EBADMSG);
  for (int i = 0; i < 10'000 && open_descriptors() != before; ++i) std::this_thread::yield();
  EXPECT_EQ(open_descriptors(), before);
}

TEST(UnixReceive, ADescriptorThatIsSlowToCloseDoesNotHoldUsUp) {
  const Pair pair;
  Bytes bytes;
  FileDescriptor listener;
  {
    const auto socket = lingering_socket(listener);
    ASSERT_EQ(send_with(pair.theirs.get(), {socket.get()}), 1);
    // The message holds it open; this close is not the last one.
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(receive_without_descriptors(pair.ours.get(), bytes), -1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1500));
}

TEST(UnixReceive, WhereTheKernelCanItRefusesThemAtTheSource) {
  const Pair pair;
  Bytes bytes;
  const FileDescriptor null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  refuse_descriptors(pair.ours.get());
  const auto sent = send_with(pair.theirs.get(), {null.get()});
  if (sent < 0) {
    EXPECT_EQ(errno, EPERM);
    return;
  }
  EXPECT_EQ(receive_without_descriptors(pair.ours.get(), bytes), -1) << "an older kernel";
}

}  // namespace
}  // namespace fairlead
