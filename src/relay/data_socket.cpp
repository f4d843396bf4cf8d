// SPDX-License-Identifier: Apache-2.0
// Copies between a data socket and a client's channel.
#include "relay/data_socket.hpp"

#include "base/unix_receive.hpp"

#include <boost/asio/redirect_error.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace fairlead::relay {

namespace asio = ssh::asio;
using ssh::Task;

std::unique_ptr<DataSocket> DataSocket::offer(const asio::any_io_executor& executor,
                                              link::DescriptorSender& sender) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) return nullptr;
  FileDescriptor ours(ends[0]);
  const FileDescriptor theirs(ends[1]);
  const auto number = sender.send(theirs.get());
  if (!number) return nullptr;
  auto made = adopt(executor, std::move(ours));
  if (made) made->number_ = *number;
  return made;
}

std::unique_ptr<DataSocket> DataSocket::adopt(const asio::any_io_executor& executor, FileDescriptor ours) {
  refuse_descriptors(ours.get());
  Socket socket(executor);
  boost::system::error_code error;
  socket.assign(asio::local::stream_protocol(), ours.get(), error);
  if (error) return nullptr;  // epoll's own limit of descriptors (man 7 epoll)
  (void)ours.release();
  return std::unique_ptr<DataSocket>(new DataSocket(std::move(socket)));
}

Task<> DataSocket::wait(Socket::wait_type what) {
  boost::system::error_code closed;
  co_await socket_.async_wait(what, asio::redirect_error(asio::use_awaitable, closed));
}

std::size_t DataSocket::receive(ssh::MutableBytes into) {
  const ssize_t size = receive_without_descriptors(socket_.native_handle(), into);
  // ECONNRESET is an end, too: the box closed its end with input unread in it.
  output_ = size > 0 ? Output::flows : size < 0 && errno == EAGAIN ? Output::empty : Output::over;
  return size > 0 ? static_cast<std::size_t>(size) : 0;
}

Task<> DataSocket::copy_output(ssh::Channel to, Meter& count) {
  const ssh::Channel::Fill fill = [this](ssh::MutableBytes slot) { return receive(slot); };
  while (output_ != Output::over) {
    count.add(co_await to.write_in_place(ssh::StreamType::standard, fill));
    if (output_ == Output::empty) co_await wait(Socket::wait_read);
  }
}

Task<> DataSocket::copy_input(ssh::Channel from, Meter& count) {
  bool read = true;  // by the program
  for (;;) {
    const ssh::View view = co_await from.view();
    if (view.data.empty()) break;
    std::size_t taken = view.data.size();
    if (read && view.type == ssh::StreamType::standard) {
      const auto sent =
          ::send(socket_.native_handle(), view.data.data(), view.data.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
      taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
      if (sent < 0 && errno == EAGAIN)
        co_await wait(Socket::wait_write);
      else if (sent < 0 && errno != EINTR)
        read = false;
      count.add(taken);
    }
    from.consume(taken);
  }
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void DataSocket::finish_output() {
  boost::system::error_code ignored;
  socket_.shutdown(Socket::shutdown_receive, ignored);
}

void DataSocket::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

}  // namespace fairlead::relay
