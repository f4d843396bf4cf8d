// SPDX-License-Identifier: Apache-2.0
// Runs one coroutine to its end on an io_context of its own, from a plain test body.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace fairlead::test {

// Returns what the coroutine returns and throws what it throws. `io` may be used again.
template <class T>
T run_task(boost::asio::io_context& io, ssh::Task<T> task) {
  std::exception_ptr failure;
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error, T value) {
    failure = error;
    if (!error) result.emplace(std::move(value));
    io.stop();
  });
  io.restart();
  io.run();
  if (failure) std::rethrow_exception(failure);
  return std::move(*result);
}

inline void run_task(boost::asio::io_context& io, ssh::Task<> task) {
  std::exception_ptr failure;
  boost::asio::co_spawn(io, std::move(task), [&](std::exception_ptr error) {
    failure = error;
    io.stop();
  });
  io.restart();
  io.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace fairlead::test
