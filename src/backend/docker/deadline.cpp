// SPDX-License-Identifier: Apache-2.0
// A clock and a timer.
#include "backend/docker/deadline.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>

namespace fairlead::docker {

std::chrono::nanoseconds time_left(Deadline deadline) {
  return std::max<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now(),
                                            std::chrono::milliseconds(1));
}

ssh::Task<> close_at(Deadline deadline, std::function<void()> close) {
  ssh::asio::steady_timer timer(co_await ssh::asio::this_coro::executor);
  timer.expires_at(deadline);
  co_await timer.async_wait(ssh::asio::use_awaitable);
  close();
}

}  // namespace fairlead::docker
