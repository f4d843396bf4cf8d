// SPDX-License-Identifier: Apache-2.0
// Runs one coroutine to its end on an io_context of its own, or what a loop has until a condition holds, from
// a plain test body.
#pragma once

#include <fairlead/ssh/async.hpp>

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
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

// Runs background work until `done`, at most ten seconds. Whether it was done.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  io.restart();
  while (!done() && std::chrono::steady_clock::now() < deadline)
    io.run_one_for(std::chrono::milliseconds(50));
  return done();
}

}  // namespace fairlead::test
