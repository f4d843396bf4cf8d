// SPDX-License-Identifier: Apache-2.0
// The kernel's state of a TCP connection, looked at now and then: what the client has sent before it left
// stays unread, so no wait for readability would tell.
#include "daemon/hangup.hpp"

#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <chrono>

namespace fairlead::daemon {
namespace {

namespace asio = ssh::asio;

// One system call each time, only while somebody logs in by a webhook.
constexpr std::chrono::milliseconds look{200};

}  // namespace

Hangup::Hangup(asio::ip::tcp::socket& socket)
    : watched_(::fcntl(socket.native_handle(), F_DUPFD_CLOEXEC, 0)) {}

bool Hangup::has_left() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  return ::getsockopt(watched_.get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
         info.tcpi_state != TCP_ESTABLISHED;
}

ssh::Task<> Hangup::happened() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  do {
    timer.expires_after(look);
    co_await timer.async_wait(asio::use_awaitable);
  } while (!has_left());
}

}  // namespace fairlead::daemon
