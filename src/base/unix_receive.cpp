// SPDX-License-Identifier: Apache-2.0
// recvmsg with room for what should not come.
#include "base/unix_receive.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

namespace fairlead {
namespace {

constexpr std::size_t most_descriptors = 253;  // in one message: the kernel's SCM_MAX_FD
constexpr std::size_t control_size = CMSG_SPACE(most_descriptors * sizeof(int));

std::vector<int> descriptors_in(msghdr& message) {
  std::vector<int> found;
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    std::vector<int> here((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    std::memcpy(here.data(), CMSG_DATA(header), here.size() * sizeof(int));
    found.insert(found.end(), here.begin(), here.end());
  }
  return found;
}

void close_elsewhere(std::vector<int> descriptors) {
  std::thread([all = std::move(descriptors)] {
    for (const int descriptor : all) ::close(descriptor);
  }).detach();
}

}  // namespace

ssize_t receive_without_descriptors(int socket, ssh::MutableBytes into) {
  alignas(cmsghdr) char control[control_size];  // the kernel says how much of it it has written
  iovec part{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = control_size;
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0 || message.msg_controllen == 0) return size;
  auto descriptors = descriptors_in(message);
  if (descriptors.empty()) return size;
  close_elsewhere(std::move(descriptors));
  errno = EBADMSG;
  return -1;
}

void refuse_descriptors(int socket) noexcept {
  constexpr int so_passrights = 83;  // <asm-generic/socket.h> of Linux 6.16
  const int off = 0;
  (void)::setsockopt(socket, SOL_SOCKET, so_passrights, &off, sizeof off);
}

}  // namespace fairlead
