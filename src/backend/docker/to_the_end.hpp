// SPDX-License-Identifier: Apache-2.0
// Work that must not stop half-way: a container that is being created or removed must not be forgotten.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <utility>

namespace fairlead::docker {

// Runs a task to its end even when the awaiting coroutine is cancelled meanwhile; that one then goes on, and
// ends at its next wait. An empty slot is what keeps the cancellation out.
template <class T>
[[nodiscard]] ssh::Task<T> to_the_end(ssh::Task<T> task) {
  auto executor = co_await ssh::asio::this_coro::executor;
  auto uncancelled =
      ssh::asio::bind_cancellation_slot(ssh::asio::cancellation_slot(), ssh::asio::use_awaitable);
  co_return co_await ssh::asio::co_spawn(std::move(executor), std::move(task), std::move(uncancelled));
}

}  // namespace fairlead::docker
