// SPDX-License-Identifier: Apache-2.0
// SCM_RIGHTS (unix(7)), one descriptor at a time.
#include "link/descriptor_channel.hpp"

#include "base/wire.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace fairlead::link {
namespace {

constexpr std::byte preamble{'D'};

// What lies in the socket is in nobody's table of descriptors, and a box need not read it: as little as the
// kernel allows, which is a handful of messages.
constexpr int smallest_buffer = 1;

// Room for one descriptor, aligned as the kernel wants it. A second one is closed by the kernel.
struct alignas(cmsghdr) Control {
  std::array<char, CMSG_LEN(sizeof(int))> bytes{};
};

msghdr make_message(iovec& part, Control& control) {
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  return message;
}

bool send_with(int socket, ssh::Bytes bytes, int descriptor) {
  Control control;
  iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
  const msghdr message = make_message(part, control);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent == static_cast<ssize_t>(bytes.size());
}

struct Received {
  ssize_t size = 0;  // as recvmsg's result
  FileDescriptor descriptor;
};

Received receive_with(int socket, ssh::MutableBytes bytes, int flags) {
  Control control;
  iovec part{bytes.data(), bytes.size()};
  msghdr message = make_message(part, control);
  Received received;
  do {
    received.size = ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
  } while (received.size < 0 && errno == EINTR);
  if (received.size < 0) return received;
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS ||
      header->cmsg_len != CMSG_LEN(sizeof(int)))
    return received;
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  received.descriptor = FileDescriptor(descriptor);
  return received;
}

bool is_socket(const FileDescriptor& descriptor) {
  struct stat status{};
  return descriptor && ::fstat(descriptor.get(), &status) == 0 && S_ISSOCK(status.st_mode);
}

}  // namespace

std::optional<DescriptorSender> DescriptorSender::open(int link) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  (void)::setsockopt(ours.get(), SOL_SOCKET, SO_SNDBUF, &smallest_buffer, sizeof smallest_buffer);
  // Nothing comes back, and nothing can be put there for us to close.
  (void)::shutdown(ours.get(), SHUT_RD);
  if (!send_with(link, ssh::Bytes(&preamble, 1), theirs.get())) return {};
  return DescriptorSender(std::move(ours));
}

std::optional<std::uint32_t> DescriptorSender::send(int descriptor) {
  std::array<std::byte, 4> number{};
  ssh::store_u32(number.data(), last_ + 1);
  if (!send_with(socket_.get(), number, descriptor)) return {};
  return ++last_;
}

std::expected<DescriptorReceiver, std::string> DescriptorReceiver::open(int link) {
  std::byte first{};
  auto received = receive_with(link, ssh::MutableBytes(&first, 1), 0);
  if (received.size < 0) return std::unexpected(std::string(::strerrordesc_np(errno)));
  if (received.size == 0) return std::unexpected("the daemon has closed it");
  if (first != preamble) return std::unexpected("the daemon is of another version");
  DescriptorReceiver receiver;
  // A security module may have taken it out of the message: then everything goes over the link.
  if (is_socket(received.descriptor)) receiver.socket_ = std::move(received.descriptor);
  return receiver;
}

FileDescriptor DescriptorReceiver::take(std::uint32_t number) {
  std::array<std::byte, 4> found{};
  while (socket_) {
    auto received = receive_with(socket_.get(), found, MSG_DONTWAIT);
    if (received.size != static_cast<ssize_t>(found.size())) break;
    if (ssh::load_u32(found.data()) != number) continue;
    if (is_socket(received.descriptor)) return std::move(received.descriptor);
    break;
  }
  return {};
}

}  // namespace fairlead::link
